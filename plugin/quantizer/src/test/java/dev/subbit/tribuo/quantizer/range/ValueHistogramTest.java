package dev.subbit.tribuo.quantizer.range;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ValueHistogramTest {

  private static ValueHistogram of(float... values) {
    ValueHistogram histogram = new ValueHistogram();
    histogram.widen(values);
    histogram.count(values);
    return histogram;
  }

  @Test
  void holdsZeroWhateverTheValues() {
    assertEquals(new QuantizedRange(2f, 0), of(100, 510).fullRange());
    assertEquals(new QuantizedRange(2f, 255), of(-100, -510).fullRange());
    assertEquals(new QuantizedRange(1f, 55), of(-55, 200).fullRange());
  }

  @Test
  void takesAnyRangeForZeros() {
    assertEquals(new QuantizedRange(1f, 0), of(0, 0).fullRange());
    assertEquals(new QuantizedRange(1f, 0), of(0, 0).leastErrorRange());
  }

  @Test
  void cutsOutliersOffWhereThatCostsLess() {
    Random random = new Random(1);
    float[] values = new float[100_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.abs(random.nextGaussian());
    }
    values[0] = 20;
    ValueHistogram histogram = of(values);
    QuantizedRange full = histogram.fullRange();
    QuantizedRange chosen = histogram.leastErrorRange();
    assertEquals(0, chosen.zeroPoint());
    assertTrue(chosen.scale() < full.scale(), chosen.toString());
    assertTrue(squaredError(chosen, values) < squaredError(full, values), chosen.toString());
  }

  private static double squaredError(QuantizedRange range, float[] values) {
    double sum = 0;
    for (float value : values) {
      double stored = Math.max(0, Math.min(255, Math.rint(value / range.scale())));
      double difference = value - stored * range.scale();
      sum += difference * difference;
    }
    return sum;
  }

  @Test
  void cutsNothingOffEvenValues() {
    float[] values = new float[10_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    assertEquals(of(values).fullRange(), of(values).leastErrorRange());
  }
}

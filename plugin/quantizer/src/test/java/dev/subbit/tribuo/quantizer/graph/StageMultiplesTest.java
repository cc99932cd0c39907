package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.WholeWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whole multiples of one step come as near to the scales of the stages as 8 bits allow. */
class StageMultiplesTest {

  /** Weights of one row whose stages have these scales. */
  private static CodedWeights row(float... scales) {
    List<PackedConvWeights> stages = new ArrayList<>();
    for (float scale : scales) {
      stages.add(SubBitLayers.ones(1, 1, scale));
    }
    return CodedWeights.of(stages);
  }

  private static StageMultiples of(float... scales) {
    return StageMultiples.of(row(scales), new float[1]);
  }

  @Test
  void scalesInWholeRatiosAreExact() {
    StageMultiples thirds = of(0.75f, -0.5f, 0.25f);
    assertArrayEquals(new float[] {3, -2, 1}, thirds.multiple());
    assertEquals(0.25f, thirds.step()[0]);
    StageMultiples prime = of(43 * 0.125f, 19 * 0.125f);
    assertArrayEquals(new float[] {43, 19}, prime.multiple());
    assertEquals(0.125f, prime.step()[0]);
  }

  @Test
  void rowsHaveStepsOfTheirOwn() {
    CodedWeights weights =
        CodedWeights.of(List.of(SubBitLayers.ones(2, 1, 1), SubBitLayers.ones(2, 1, 0.5f)));
    StageMultiples both = StageMultiples.of(weights, new float[] {0, 0.75f});
    assertArrayEquals(new float[] {2, 1, 1, 0}, both.multiple());
    assertArrayEquals(new float[] {0.5f, 0.75f}, both.step());
  }

  @Test
  void weightsNeverLeaveTheirRangeAndErrorsAreSmall() {
    Random random = new Random(1);
    for (int trial = 0; trial < 2000; trial++) {
      float[] scales = new float[2 + random.nextInt(CodedWeights.MAX_STAGES - 1)];
      for (int s = 0; s < scales.length; s++) {
        scales[s] = (float) (random.nextGaussian() * Math.pow(2, -s));
      }
      float least = random.nextInt(4) > 0 ? 0 : Math.abs(scales[0]);
      StageMultiples chosen = StageMultiples.of(row(scales), new float[] {least});
      float step = chosen.step()[0];
      double largest = 0;
      for (int s = 0; s < scales.length; s++) {
        assertEquals(Math.rint(chosen.multiple()[s]), chosen.multiple()[s]);
        largest += Math.abs(chosen.multiple()[s]);
        double error = Math.abs(scales[s] - step * chosen.multiple()[s]);
        assertTrue(error <= (least > 0 ? 1 : 0.75) * step, error + " in steps of " + step);
      }
      assertTrue(largest <= WholeWeights.LARGEST, largest + " steps");
      assertTrue(step >= least, step + " is less than " + least);
    }
  }

  @Test
  void aRowOfZerosHasNoStepUnlessItNeedsOne() {
    assertArrayEquals(new float[2], of(0, 0).multiple());
    assertEquals(0, of(0, 0).step()[0]);
    StageMultiples dead = StageMultiples.of(row(1e-30f, 0), new float[] {1e-9f});
    assertArrayEquals(new float[2], dead.multiple());
    assertEquals(1e-9f, dead.step()[0]);
  }
}

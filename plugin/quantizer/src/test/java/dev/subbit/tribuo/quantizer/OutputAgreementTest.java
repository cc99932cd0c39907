package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.quantizer.graph.FloatArray;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** What the figures about an output mean. */
class OutputAgreementTest {

  private static OutputAgreement agreement(Metric metric) {
    return new OutputAgreement("y", false, metric);
  }

  private static FloatArray array(float[] values, long... shape) {
    return new FloatArray(shape, values);
  }

  private static float[] normal(SplittableRandom rng, int count, double size) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (size * rng.nextGaussian());
    }
    return values;
  }

  @Test
  void aConstantOutputHasNoSignalWhateverItsMean() {
    SplittableRandom rng = new SplittableRandom(1);
    OutputAgreement agreement = agreement(Metric.LARGEST);
    float[] wanted = normal(rng, 4000, 1);
    float[] mean = new float[4000];
    for (int i = 0; i < wanted.length; i++) {
      // Places differ far more than samples do.
      mean[i] = 50 * (i % 10);
      wanted[i] += mean[i];
    }
    agreement.add(array(wanted, 400, 10), array(mean, 400, 10), 400);
    assertEquals(0, agreement.getSignalToNoise(), 0.2);
  }

  @Test
  void theRatioIsVarianceOverSquaredErrorInAnyNumberOfBatches() {
    SplittableRandom rng = new SplittableRandom(2);
    OutputAgreement agreement = agreement(Metric.LARGEST);
    for (int batch = 0; batch < 20; batch++) {
      float[] wanted = normal(rng, 600, 2);
      float[] given = normal(rng, 600, 0.2);
      for (int i = 0; i < given.length; i++) {
        given[i] += wanted[i];
      }
      agreement.add(array(wanted, 20, 5, 6), array(given, 20, 5, 6), 20);
    }
    assertEquals(20, agreement.getSignalToNoise(), 0.2);
    assertTrue(agreement.getUncertainty() < 0.3, agreement.getUncertainty() + " dB");
    assertEquals(List.of(), agreement.getGroups());
  }

  @Test
  void theUncertaintyIsThatOfFewSamples() {
    SplittableRandom rng = new SplittableRandom(3);
    int within = 0;
    for (int trial = 0; trial < 100; trial++) {
      OutputAgreement agreement = agreement(Metric.LARGEST);
      float[] wanted = normal(rng, 40, 1);
      float[] given = normal(rng, 40, 0.1);
      for (int i = 0; i < given.length; i++) {
        given[i] += wanted[i];
      }
      agreement.add(array(wanted, 20, 2), array(given, 20, 2), 20);
      boolean fits = Math.abs(agreement.getSignalToNoise() - 20) <= agreement.getUncertainty();
      within += fits ? 1 : 0;
    }
    assertTrue(within >= 88, within + " of 100 within two standard errors");
  }

  /** Samples that differ in size as those of real networks do, and batches of any size. */
  @Property(tries = 20)
  void theUncertaintyIsThatOfFewSamplesWithHeavyTails(
      @ForAll @IntRange(min = 20, max = 60) int count,
      @ForAll @IntRange(min = 1, max = 20) int batch,
      @ForAll @IntRange(min = 0, max = 1000) int seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    int within = 0;
    for (int trial = 0; trial < 100; trial++) {
      OutputAgreement agreement = agreement(Metric.LARGEST);
      for (int first = 0; first < count; first += batch) {
        int some = Math.min(batch, count - first);
        float[] wanted = normal(rng, some * 6, 1);
        float[] given = wanted.clone();
        for (int i = 0; i < some; i++) {
          double size = Math.exp(0.7 * rng.nextGaussian());
          for (int k = 6 * i; k < 6 * i + 6; k++) {
            given[k] += (float) (0.1 * size * rng.nextGaussian());
          }
        }
        agreement.add(array(wanted, some, 6), array(given, some, 6), some);
      }
      // The mean square of the logarithmic normal distribution is e^(2 * 0.7^2).
      double expected = 20 - 10 * Math.log10(Math.exp(2 * 0.49));
      boolean fits =
          Math.abs(agreement.getSignalToNoise() - expected) <= agreement.getUncertainty();
      within += fits ? 1 : 0;
    }
    assertTrue(within >= 75, within + " of 100 within two standard errors");
  }

  @Property(tries = 20)
  void theUncertaintyDoesNotDependOnTheBatches(@ForAll @IntRange(min = 1, max = 30) int batch) {
    SplittableRandom rng = new SplittableRandom(7);
    float[] wanted = normal(rng, 30 * 4, 1);
    float[] given = wanted.clone();
    for (int i = 0; i < given.length; i++) {
      // A mean far from 0 is no signal.
      wanted[i] += 100;
      given[i] += 100 + (float) (0.1 * rng.nextGaussian());
    }
    OutputAgreement whole = agreement(Metric.LARGEST);
    whole.add(array(wanted, 30, 4), array(given, 30, 4), 30);
    OutputAgreement parts = agreement(Metric.LARGEST);
    for (int first = 0; first < 30; first += batch) {
      int last = Math.min(30, first + batch);
      parts.add(
          array(Arrays.copyOfRange(wanted, 4 * first, 4 * last), last - first, 4),
          array(Arrays.copyOfRange(given, 4 * first, 4 * last), last - first, 4),
          last - first);
    }
    assertEquals(whole.getSignalToNoise(), parts.getSignalToNoise(), 1e-6);
    assertEquals(whole.getUncertainty(), parts.getUncertainty(), 1e-6);
    assertTrue(whole.getUncertainty() < 2, whole.getUncertainty() + " dB");
  }

  @Test
  void channelsOfOtherSizeHaveRatiosOfTheirOwnAndNoLargestValue() {
    SplittableRandom rng = new SplittableRandom(4);
    OutputAgreement agreement = agreement(Metric.LARGEST);
    // Four coordinates and three scores of twenty anchors.
    float[] wanted = normal(rng, 50 * 7 * 20, 1);
    float[] given = wanted.clone();
    for (int i = 0; i < wanted.length; i++) {
      boolean box = i / 20 % 7 < 4;
      wanted[i] *= box ? 100 : 1;
      given[i] = wanted[i] + (float) ((box ? 1 : 0.1) * rng.nextGaussian());
    }
    agreement.add(array(wanted, 50, 7, 20), array(given, 50, 7, 20), 50);
    List<ChannelGroup> groups = agreement.getGroups();
    assertEquals(2, groups.size());
    assertEquals(3, groups.get(0).last());
    assertEquals(40, groups.get(0).signalToNoise(), 0.3);
    assertEquals(20, groups.get(1).signalToNoise(), 0.3);
    assertTrue(
        groups.stream().allMatch(group -> group.uncertainty() > 0 && group.uncertainty() < 0.6));
    assertTrue(Double.isNaN(agreement.getSameLargest()));
  }

  @Test
  void kindsAreToldApartHoweverMuchTheirOwnChannelsDiffer() {
    SplittableRandom rng = new SplittableRandom(6);
    OutputAgreement agreement = agreement(Metric.LARGEST);
    // Two coordinates, and twelve scores of which every other one is rarely high.
    float[] wanted = normal(rng, 50 * 14 * 20, 1);
    for (int i = 0; i < wanted.length; i++) {
      int channel = i / 20 % 14;
      wanted[i] *= channel < 2 ? 10_000 : channel % 2 == 0 ? 1 : 0.05f;
    }
    agreement.add(array(wanted, 50, 14, 20), array(wanted.clone(), 50, 14, 20), 50);
    assertEquals(List.of(1, 13), agreement.getGroups().stream().map(ChannelGroup::last).toList());
  }

  @Test
  void descriptorsAreFoundByTheirOwn() {
    SplittableRandom rng = new SplittableRandom(5);
    OutputAgreement agreement = agreement(Metric.COSINE);
    float[] wanted = normal(rng, 30 * 16, 1);
    float[] given = wanted.clone();
    // The first two change places: they are each other's nearest.
    System.arraycopy(wanted, 16, given, 0, 16);
    System.arraycopy(wanted, 0, given, 16, 16);
    agreement.add(array(wanted, 30, 16), array(given, 30, 16), 30);
    assertEquals(28 / 30.0, agreement.getRetrieval(), 1e-9);
    assertEquals(2 / 30.0, agreement.getDrop(), 1e-9);
    assertTrue(agreement.getCosine() > 0.9 && agreement.getCosine() < 1);
  }

  @Test
  void countedNumbersAreRightOrWrong() {
    OutputAgreement agreement = new OutputAgreement("class", true, Metric.LARGEST);
    agreement.add(array(new float[] {1, 2, 3, 4}, 4), array(new float[] {1, 2, 5, 4}, 4), 4);
    assertEquals(0.75, agreement.getSameValues());
    assertEquals(0.25, agreement.getDrop());
    assertTrue(Double.isNaN(agreement.getSignalToNoise()));
  }

  @Test
  void whatCannotBeComparedSaysWhy() {
    OutputAgreement sizes = agreement(Metric.LARGEST);
    sizes.add(array(new float[3], 3), array(new float[2], 2), 1);
    assertEquals("its size depends on the data", sizes.getObstacle());
    OutputAgreement empty = agreement(Metric.LARGEST);
    empty.add(array(new float[0], 0, 4), array(new float[0], 0, 4), 1);
    assertEquals("no input gave it any values", empty.getObstacle());
    OutputAgreement still = agreement(Metric.LARGEST);
    still.add(array(new float[] {7, 7}, 2, 1), array(new float[] {7, 8}, 2, 1), 2);
    assertEquals("it never varies on these inputs", still.getObstacle());
    for (OutputAgreement each : List.of(sizes, empty, still)) {
      assertTrue(Double.isNaN(each.getSignalToNoise()));
      assertTrue(Double.isNaN(each.getSameLargest()));
    }
  }
}

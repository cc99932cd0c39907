package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.StagedConvCost.Output;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where kernels that add stages up are faster than a float convolution with their sum. */
class StagedConvCostTest {

  private static CodedWeights weights(int out, int in, int tau, int stages) {
    Codebook codebook = new Codebook(tau, IntStream.range(0, 1 << tau).toArray());
    PackedConvWeights one = PackedConvWeights.pack(in, codebook, new int[out * in], new float[out]);
    return CodedWeights.of(Collections.nCopies(stages, one));
  }

  /** What is measured in docs/QUANTIZING.md, "How many bits", and images of a few pixels. */
  @ParameterizedTest
  @CsvSource({
    "64, 64, 56, 5, 2, false",
    "64, 64, 56, 4, 2, true",
    "128, 128, 28, 5, 2, true",
    "256, 256, 14, 5, 2, true",
    "512, 512, 7, 5, 2, true",
    "512, 512, 7, 5, 3, true",
    "128, 128, 28, 6, 2, false",
    "256, 256, 14, 6, 2, true",
    "128, 128, 28, 5, 3, false",
    "256, 256, 28, 4, 3, true",
    "256, 256, 14, 5, 3, false",
    "256, 256, 14, 5, 1, false",
    "3, 256, 56, 5, 2, false",
    "512, 512, 2, 5, 2, false",
    "512, 512, 1, 5, 2, false"
  })
  void kernelsAreFasterForManyOutputsAndFewStages(
      int in, int out, int size, int tau, int stages, boolean faster) {
    CodedWeights weights = weights(out, in, tau, stages);
    assertEquals(faster, StagedConvCost.isLess(weights, 1, List.of(new Output(size, size))));
  }

  @Test
  void imagesOfUnknownSizeAreTakenForLargeOnes() {
    assertTrue(StagedConvCost.isLess(weights(512, 512, 5, 2), 1, List.of()));
  }

  @Test
  void onlyTheOutputsOfAGroupShareItsResponses() {
    CodedWeights weights = weights(256, 64, 5, 2);
    assertTrue(StagedConvCost.isLess(weights, 1, List.of()));
    assertFalse(StagedConvCost.isLess(weights, 4, List.of()));
  }

  @Test
  void numbersHaveNoKernels() {
    byte[] words = new byte[9 << 5];
    CodedWeights numbers =
        CodedWeights.pack(
            new long[] {128, 128, 3, 3},
            9,
            List.of(words, words),
            List.of(new int[128 * 128], new int[128 * 128]),
            List.of(new float[128], new float[128]));
    assertFalse(StagedConvCost.isLess(numbers, 1, List.of()));
  }
}

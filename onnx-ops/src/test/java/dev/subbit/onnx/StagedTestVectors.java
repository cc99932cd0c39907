package dev.subbit.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Generates the cases of {@code StagedSubBitConv}, see {@link TestVectors}. */
final class StagedTestVectors {

  private StagedTestVectors() {}

  /** The weights of a case as a sum of stages: one, two, three or eight. */
  static TestVector randomCase(TestVectors.Case c, int number) {
    Random random = new Random(6000 + number);
    int stages =
        switch (c.tau()) {
          case 1 -> CodedWeights.MAX_STAGES;
          case 2, 8, 9 -> 1; // large codebooks make large files
          case 3 -> 3;
          default -> 2;
        };
    List<TestVectors.Layer> layers = new ArrayList<>();
    for (int s = 0; s < stages; s++) {
      layers.add(TestVectors.Layer.random(c, random));
    }
    TestVectors.Layer first = layers.get(0);
    TestTensor x =
        TestTensor.floats(
            "X", TestVectors.floats(random, TestTensor.elements(first.shape), -2, 2), first.shape);
    // Later stages correct earlier ones, with either sign.
    List<TestTensor> scales = new ArrayList<>();
    for (int s = 0; s < stages; s++) {
      float least = s == 0 ? 0.01f : -0.1f / s;
      scales.add(
          TestTensor.floats(
              "scale", TestVectors.floats(random, c.out(), least, 0.2f / (s + 1)), c.out()));
    }
    TestTensor bias =
        TestTensor.floats("bias", TestVectors.floats(random, c.out(), -1, 1), c.out());

    double[] sums = new double[TestTensor.elements(first.naive.outputShape())];
    for (int s = 0; s < stages; s++) {
      double[] ofStage = layers.get(s).naive.sums(x, scales.get(s));
      Arrays.setAll(sums, i -> sums[i] + ofStage[i]);
    }
    return new TestVector(
        c.name(),
        OperatorTable.STAGED_SUB_BIT_CONV,
        first.attributes,
        List.of(
            x,
            TestTensor.integers(
                "index",
                TestTensor.Type.U8,
                joined(layers, layer -> layer.index),
                stages * c.tau(),
                first.index.shape()[1]),
            TestTensor.integers(
                "codebook",
                TestTensor.Type.I8,
                joined(layers, layer -> layer.codebook),
                stages,
                1 << c.tau(),
                3,
                3),
            new TestTensor(
                "scale",
                TestTensor.Type.F32,
                new int[] {stages, c.out()},
                scales.stream().flatMapToInt(each -> IntStream.of(each.values())).toArray()),
            bias),
        List.of(first.naive.rounded(sums, Optional.of(bias))));
  }

  private static int[] joined(
      List<TestVectors.Layer> layers, Function<TestVectors.Layer, TestTensor> part) {
    return layers.stream()
        .flatMapToInt(layer -> IntStream.of(part.apply(layer).values()))
        .toArray();
  }
}

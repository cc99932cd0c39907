package dev.subbit.onnx;

import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.TestVectors.Case;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Runs the operators on packed signs and the 8-bit block with random shapes, strides, pads,
 * dilations, groups and tau. Their definition, their function bodies at every optimisation level
 * and their kernels must give the same bits, whichever outputs are requested.
 */
class PackedOperatorsTest {

  @Property(tries = 60, seed = "2")
  void packSigns(@ForAll long seed) throws Exception {
    assertSameEverywhere(
        PackedTestVectors.packSignsCase(randomCase(new Random(seed)), number(seed)));
  }

  @Property(tries = 60, seed = "3")
  void packedBinarySubBitConv(@ForAll long seed) throws Exception {
    assertSameEverywhere(PackedTestVectors.convCase(randomCase(new Random(seed)), number(seed)));
  }

  @Property(tries = 60, seed = "4")
  void binarySubBitBlock(@ForAll long seed) throws Exception {
    assertSameEverywhere(PackedTestVectors.blockCase(randomCase(new Random(seed)), number(seed)));
  }

  @Property(tries = 60, seed = "5")
  void qLinearSubBitBlock(@ForAll long seed) throws Exception {
    assertSameEverywhere(
        QuantizedBlockTestVectors.randomCase(randomCase(new Random(seed)), number(seed)));
  }

  private static int number(long seed) {
    return new Random(seed).nextInt(1_000_000);
  }

  private static Case randomCase(Random random) {
    int group = 1 + random.nextInt(3) * random.nextInt(2);
    int dilationHeight = 1 + random.nextInt(2);
    int dilationWidth = 1 + random.nextInt(3);
    int[] pads = random.ints(4, 0, 4).toArray();
    ConvAttributes geometry =
        new ConvAttributes(
            1 + random.nextInt(3),
            1 + random.nextInt(3),
            pads[0],
            pads[1],
            pads[2],
            pads[3],
            dilationHeight,
            dilationWidth,
            group);
    int leastHeight = Math.max(1, 2 * dilationHeight + 1 - pads[0] - pads[2]);
    int leastWidth = Math.max(1, 2 * dilationWidth + 1 - pads[1] - pads[3]);
    // A few channels, about a byte, and about a word, so that packing has to start a new one.
    int in = List.of(1, 3, 8, 9, 17, 32, 40).get(random.nextInt(7));
    int out = group * List.of(1, 2, 5, 8, 11, 19).get(random.nextInt(6));
    return new Case(
        "random",
        1 + random.nextInt(9),
        1 + random.nextInt(3),
        out,
        in,
        leastHeight + random.nextInt(7),
        leastWidth + random.nextInt(20),
        geometry);
  }

  private static void assertSameEverywhere(TestVector vector) throws Exception {
    List<String> all = vector.outputs().stream().map(TestTensor::name).toList();
    byte[] model = OrtRunner.model(vector).toByteArray();
    for (OrtSession.SessionOptions.OptLevel level : OrtSession.SessionOptions.OptLevel.values()) {
      assertMatches(vector, model, "onnxruntime", level);
    }
    assertMatches(vector, model, "native", OrtSession.SessionOptions.OptLevel.ALL_OPT);
    for (String output : all) {
      byte[] alone = OrtRunner.model(vector, List.of(output)).toByteArray();
      assertMatches(vector, alone, "native", OrtSession.SessionOptions.OptLevel.ALL_OPT);
    }
  }

  private static void assertMatches(
      TestVector vector, byte[] model, String backend, OrtSession.SessionOptions.OptLevel level)
      throws Exception {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setOptimizationLevel(level);
      ExecutionBackend.named(backend).configure(options, Map.of());
      try (OrtSession session = SubBitSessions.create(model, options)) {
        OperatorTest.assertMatches(vector, OrtRunner.run(session, vector));
      }
    }
  }
}

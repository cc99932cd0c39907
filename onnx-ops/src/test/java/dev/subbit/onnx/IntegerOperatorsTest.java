package dev.subbit.onnx;

import ai.onnxruntime.OrtSession;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Runs the integer operators with random shapes, windows, widths and values. Their definition,
 * their function bodies at every optimisation level and their kernels must give the same bits.
 */
class IntegerOperatorsTest {

  @Property(tries = 40, seed = "6")
  void integerStem(@ForAll long seed) throws Exception {
    assertSameEverywhere(OperatorTable.INTEGER_STEM, seed);
  }

  @Property(tries = 40, seed = "7")
  void integerSubBitConv(@ForAll long seed) throws Exception {
    assertSameEverywhere(OperatorTable.INTEGER_SUB_BIT_CONV, seed);
  }

  @Property(tries = 40, seed = "8")
  void integerSubBitBlock(@ForAll long seed) throws Exception {
    assertSameEverywhere(OperatorTable.INTEGER_SUB_BIT_BLOCK, seed);
  }

  @Property(tries = 40, seed = "9")
  void integerShortcut(@ForAll long seed) throws Exception {
    assertSameEverywhere(OperatorTable.INTEGER_SHORTCUT, seed);
  }

  @Property(tries = 40, seed = "10")
  void integerClassifier(@ForAll long seed) throws Exception {
    assertSameEverywhere(OperatorTable.INTEGER_CLASSIFIER, seed);
  }

  @Property(tries = 25, seed = "11")
  void integerNetwork(@ForAll long seed) throws Exception {
    assertSameEverywhere(OperatorTable.INTEGER_NETWORK, seed);
  }

  private static void assertSameEverywhere(OperatorTable operator, long seed) throws Exception {
    TestVector vector = IntegerTestVectors.random(operator, "random", new Random(seed));
    byte[] model = OrtRunner.model(vector).toByteArray();
    for (OrtSession.SessionOptions.OptLevel level : OrtSession.SessionOptions.OptLevel.values()) {
      assertMatches(vector, model, "onnxruntime", level);
    }
    assertMatches(vector, model, "native", OrtSession.SessionOptions.OptLevel.ALL_OPT);
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

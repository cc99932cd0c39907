package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the log reports about the kernels that run. */
class KernelLogTest {

  /** More than the runs until a kernel is chosen: at most 16 timed ones, and 8 interrupted ones. */
  private static final int MOST_RUNS = 30;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "INTEGER_NETWORK")
  void everyRunOfANodeIsReported(OperatorTable operator) throws Exception {
    TestVector vector = TestVector.read(TestVectors.file(operator)).get(0);
    try (OrtSession session = session(vector)) {
      OrtRunner.run(session, vector);
      List<KernelLog.Entry> entries =
          KernelLog.during(
              () -> {
                OrtRunner.run(session, vector);
                OrtRunner.run(session, vector);
              });
      OrtRunner.run(session, vector);
      assertEquals(2, entries.size());
      KernelLog.Entry entry = entries.get(0);
      assertEquals(operator.opType, entry.operator());
      assertEquals("conv", entry.node());
      assertFalse(entry.kernel().isEmpty());
      entry.boundSeconds().ifPresent(bound -> assertTrue(bound > 0 && bound < 1, entry.toString()));
      assertEquals(List.of(), KernelLog.during(() -> {}));
    }
  }

  @Test
  void aRunOfANetworkIsReportedLayerByLayer() throws Exception {
    TestVector vector = TestVector.read(TestVectors.file(OperatorTable.INTEGER_NETWORK)).get(0);
    try (OrtSession session = session(vector)) {
      List<KernelLog.Entry> entries = KernelLog.during(() -> OrtRunner.run(session, vector));
      assertEquals(OperatorTable.INTEGER_STEM.opType, entries.get(0).operator());
      assertEquals("conv, layer 1", entries.get(0).node());
      KernelLog.Entry last = entries.get(entries.size() - 1);
      assertEquals(OperatorTable.INTEGER_CLASSIFIER.opType, last.operator());
      assertEquals("conv, layer " + entries.size(), last.node());
      entries.forEach(entry -> assertFalse(entry.kernel().isEmpty()));
    }
  }

  @Test
  void aChoiceIsReportedWithTheTimesThatDecideIt() throws Exception {
    TestVector vector =
        TestVector.read(TestVectors.file(OperatorTable.Q_LINEAR_SUB_BIT_CONV)).get(0);
    try (OrtSession session = session(vector)) {
      KernelLog.Entry entry = runOnce(session, vector);
      if (KernelLog.instructionSet().equals("avx2")) {
        assertTrue(entry.choice().isPresent());
      }
      assumeTrue(entry.choice().isPresent(), "this processor has one kernel for 8 bits");
      for (int run = 0; run < MOST_RUNS && entry.choice().orElseThrow().measuring(); run++) {
        entry = runOnce(session, vector);
      }
      KernelLog.Choice choice = entry.choice().orElseThrow();
      assertFalse(choice.measuring());
      Map<String, Double> seconds = new HashMap<>();
      for (KernelLog.Candidate candidate : choice.candidates()) {
        seconds.put(candidate.kernel(), candidate.seconds().orElseThrow());
      }
      assertEquals(2, seconds.size());
      assertTrue(
          seconds.values().stream().allMatch(time -> time > 0 && time < 1), seconds::toString);
      double least = Collections.min(seconds.values());
      assertTrue(seconds.get(entry.kernel()) <= 1.05 * least, entry::toString);
    }
  }

  @Test
  void theInstructionSetIsOneOfThoseThatSubbitIsaTakes() {
    assertTrue(
        Set.of("reference", "portable", "neon", "avx2", "avx512")
            .contains(KernelLog.instructionSet()),
        KernelLog.instructionSet());
  }

  private static KernelLog.Entry runOnce(OrtSession session, TestVector vector)
      throws OrtException {
    return KernelLog.during(() -> OrtRunner.run(session, vector)).get(0);
  }

  private static OrtSession session(TestVector vector) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      SubBitOps.register(options);
      return OrtEnvironment.getEnvironment()
          .createSession(OrtRunner.model(vector).toByteArray(), options);
    }
  }
}

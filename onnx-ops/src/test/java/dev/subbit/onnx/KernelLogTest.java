package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the log reports about the kernels that run. */
class KernelLogTest {

  @ParameterizedTest
  @EnumSource
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
  void theInstructionSetIsOneOfThoseThatSubbitIsaTakes() {
    assertTrue(
        Set.of("reference", "portable", "neon", "avx2", "avx512")
            .contains(KernelLog.instructionSet()),
        KernelLog.instructionSet());
  }

  private static OrtSession session(TestVector vector) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      SubBitOps.register(options);
      return OrtEnvironment.getEnvironment()
          .createSession(OrtRunner.model(vector).toByteArray(), options);
    }
  }
}

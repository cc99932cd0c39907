package dev.subbit.fpga;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.fpga.FailingBoard.Behaviour;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.PackedSignNodes.PackedOutputs;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a program sees when a board fails. The board is a tree of files; see FailingBoard. */
class BoardFaultsTest {

  private static final int TIMEOUT_MS = 200;

  private static Map<String, String> settings(String fallback) {
    return Map.of(
        "backend", "xdma", "timeout_ms", Integer.toString(TIMEOUT_MS), "fallback", fallback);
  }

  @ParameterizedTest
  @CsvSource({"HANGS,TIMEOUT", "REPORTS_AN_ERROR,DEVICE_ERROR", "VANISHES,VANISHED"})
  void aFaultHasAKindAndIsReportedWithinTheTimeOut(Behaviour behaviour, FpgaFault fault)
      throws Exception {
    try (FailingBoard board = new FailingBoard();
        OrtSession session =
            FpgaSessions.open(TestModels.qLinear(false, 5, 1), "fpga", settings("none"));
        OnnxTensor input = FpgaSessions.input(OnnxJavaType.UINT8, 1, 1, 3, 9, 9)) {
      board.behave(behaviour);
      long start = System.nanoTime();
      OrtException thrown =
          assertThrows(OrtException.class, () -> FpgaSessions.run(session, input));
      double seconds = (System.nanoTime() - start) / 1e9;
      assertEquals(Optional.of(fault), FpgaFault.of(thrown), thrown.getMessage());
      assertTrue(thrown.getMessage().contains("node 'q0'"), thrown.getMessage());
      // One request, the reset after it, and room for a busy machine; the default time-out is 30 s.
      assertTrue(seconds < 10, seconds + " s");
    }
  }

  @ParameterizedTest
  @EnumSource(Behaviour.class)
  void withFallbackTheSameRequestEndsOnTheCpuWithTheSameBits(Behaviour behaviour) throws Exception {
    for (ModelProto model :
        new ModelProto[] {
          TestModels.binary(5, 1),
          TestModels.qLinear(true, 5, 1),
          TestModels.residual(true, 5, 1, TestModels.Extra.NOTHING),
          TestModels.packed(5, 1, PackedOutputs.SIGNS, PackedOutputs.SIGNS),
          TestModels.packed(5, 1, PackedOutputs.SIGNS, PackedOutputs.VALUES)
        }) {
      OnnxJavaType type = FpgaSessions.inputType(model);
      try (FailingBoard board = new FailingBoard();
          OrtSession session = FpgaSessions.open(model, "fpga", settings("cpu"));
          OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
          OnnxTensor input = FpgaSessions.input(type, 2, 2, 3, 11, 9)) {
        board.behave(behaviour);
        ByteBuffer expected = FpgaSessions.run(bodies, input);
        assertEquals(expected, FpgaSessions.run(session, input));
        int requests = board.requests();
        assertEquals(expected, FpgaSessions.run(session, input), "later runs stay on the CPU");
        assertEquals(requests, board.requests(), "without asking the device again");
      }
    }
  }

  @Test
  void theNextSessionFindsTheDeviceAgain() throws Exception {
    try (FailingBoard board = new FailingBoard();
        OnnxTensor input = FpgaSessions.input(OnnxJavaType.UINT8, 1, 1, 3, 9, 9)) {
      ModelProto model = TestModels.qLinear(false, 5, 1);
      try (OrtSession session = FpgaSessions.open(model, "fpga", settings("none"))) {
        board.behave(Behaviour.VANISHES);
        assertThrows(OrtException.class, () -> FpgaSessions.run(session, input));
        board.behave(Behaviour.HANGS);
        OrtException still =
            assertThrows(OrtException.class, () -> FpgaSessions.run(session, input));
        assertEquals(Optional.of(FpgaFault.VANISHED), FpgaFault.of(still), "its memory is lost");
      }
      try (OrtSession session = FpgaSessions.open(model, "fpga", settings("none"))) {
        OrtException reached =
            assertThrows(OrtException.class, () -> FpgaSessions.run(session, input));
        assertEquals(Optional.of(FpgaFault.TIMEOUT), FpgaFault.of(reached), "it answers again");
      }
    }
  }

  @Test
  void everyCandidateIsListedWithItsReason() throws Exception {
    try (FailingBoard board = new FailingBoard()) {
      board.setId(0x12345678);
      ExecutionBackend.Device listed =
          new FpgaBackend()
              .devices().stream()
                  .filter(device -> device.name().equals("xdma:0"))
                  .findFirst()
                  .orElseThrow();
      assertEquals(false, listed.available());
      assertTrue(listed.reason().contains("not a Subbit engine"), listed.reason());
      IllegalStateException refused =
          assertThrows(
              IllegalStateException.class,
              () -> FpgaSessions.open(TestModels.binary(5, 1), "fpga", settings("none")));
      assertTrue(refused.getMessage().contains("xdma0_user"), refused.getMessage());
    }
  }

  @Test
  void anotherFallbackIsRefused() {
    OrtException refused =
        assertThrows(
            OrtException.class,
            () ->
                FpgaSessions.open(
                    TestModels.binary(5, 1),
                    "fpga",
                    Map.of("backend", "emulator", "fallback", "gpu")));
    assertTrue(refused.getMessage().contains("allowed are: none, cpu"), refused.getMessage());
  }
}

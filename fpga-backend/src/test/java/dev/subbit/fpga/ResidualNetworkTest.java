package dev.subbit.fpga;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.fpga.TestModels.Extra;
import dev.subbit.onnx.ExecutionBackend.LayerTiming;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks of 8-bit convolutions and residual blocks, which stay on the device from end to end. */
class ResidualNetworkTest {

  private static final List<String> NODES = List.of("stem", "inner", "first", "second", "last");

  @ParameterizedTest(name = "signed {0}, tau {1}")
  @CsvSource({"false, 5", "true, 5", "false, 2", "true, 9"})
  void givesTheSameBitsEverywhere(boolean signed, int tau) throws OrtException {
    ModelProto model = TestModels.residual(signed, tau, tau, Extra.NOTHING);
    OnnxJavaType type = signed ? OnnxJavaType.INT8 : OnnxJavaType.UINT8;
    try (OnnxTensor input = FpgaSessions.input(type, tau, 3, 3, 11, 13);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession kernels = FpgaSessions.open(model, "native", Map.of());
        OrtSession emulator = FpgaSessions.openWithoutCpu(model)) {
      ByteBuffer expected = FpgaSessions.run(bodies, input);
      assertEquals(expected, FpgaSessions.run(kernels, input), "kernels");
      assertEquals(expected, FpgaSessions.run(emulator, input), "emulator");
      for (String simulation : List.of("rtl", "rtl:shared")) {
        try (OrtSession rtl = FpgaSessions.open(model, "fpga", Map.of("backend", simulation))) {
          FpgaBackend backend = new FpgaBackend();
          backend.drainTimings();
          assertEquals(expected, FpgaSessions.run(rtl, input), simulation);
          assertEquals(
              NODES, backend.drainTimings().stream().map(LayerTiming::node).toList(), simulation);
        }
      }
    }
  }

  @Test
  void aWholeNetworkIsOneRequest(@TempDir Path folder) throws OrtException, IOException {
    ModelProto model = TestModels.residual(false, 5, 1, Extra.NOTHING);
    assertEquals(List.of("SubBitFpga"), providers(model, folder));
  }

  @Test
  void resultsThatAreReadOutsideTheNetworkLeaveTheDeviceToo() throws OrtException {
    ModelProto model = TestModels.residual(false, 4, 2, Extra.SECOND_OUTPUT);
    try (OnnxTensor input = FpgaSessions.input(OnnxJavaType.UINT8, 1, 2, 3, 9, 8);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession device = FpgaSessions.openWithoutCpu(model)) {
      List<ByteBuffer> expected = outputs(bodies, input);
      assertEquals(2, expected.size());
      assertEquals(expected, outputs(device, input));
    }
  }

  private static List<ByteBuffer> outputs(OrtSession session, OnnxTensor input)
      throws OrtException {
    List<ByteBuffer> outputs = new ArrayList<>();
    try (OrtSession.Result result = session.run(Map.of(TestModels.INPUT, input))) {
      for (int i = 0; i < result.size(); i++) {
        ByteBuffer source = ((OnnxTensor) result.get(i)).getByteBuffer();
        outputs.add(ByteBuffer.allocate(source.remaining()).put(source).flip());
      }
    }
    return outputs;
  }

  @Test
  void aNodeThatStaysOnTheCpuCutsTheNetworkInTwo(@TempDir Path folder)
      throws OrtException, IOException {
    // The second block's residual bypasses the pooling, so a single request would wait for itself.
    ModelProto model = TestModels.residual(true, 5, 3, Extra.POOLING_BETWEEN);
    List<String> providers = providers(model, folder);
    assertEquals(2, Collections.frequency(providers, "SubBitFpga"), providers.toString());
    assertEquals(1, Collections.frequency(providers, "CPUExecutionProvider"), providers.toString());
    try (OnnxTensor input = FpgaSessions.input(OnnxJavaType.INT8, 1, 2, 3, 9, 8);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession device = FpgaSessions.open(model, "fpga", FpgaSessions.EMULATOR)) {
      assertEquals(FpgaSessions.run(bodies, input), FpgaSessions.run(device, input));
    }
  }

  private static List<String> providers(ModelProto model, Path folder)
      throws OrtException, IOException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      new FpgaBackend().configure(options, FpgaSessions.EMULATOR);
      options.enableProfiling(folder.resolve("profile").toString());
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      try (OrtSession session = environment.createSession(model.toByteArray(), options);
          OnnxTensor input = FpgaSessions.input(FpgaSessions.inputType(model), 1, 1, 3, 9, 9)) {
        FpgaSessions.run(session, input);
        return FpgaSessions.providers(session);
      }
    }
  }
}

package dev.subbit.fpga;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend.LayerTiming;
import dev.subbit.onnx.PackedSignNodes.PackedOutputs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Chains of convolutions on packed signs, whose bits stay on the device from end to end. */
class PackedSignChainTest {

  private static final List<String> NODES = List.of("p0", "p1", "p2");

  @ParameterizedTest(name = "tau {0}, {1} last")
  @CsvSource({"1, SIGNS", "4, SIGNS", "5, VALUES", "6, VALUES", "9, SIGNS"})
  void givesTheSameBitsEverywhere(int tau, PackedOutputs last) throws OrtException {
    ModelProto model = TestModels.packed(tau, tau, PackedOutputs.SIGNS, last);
    try (OnnxTensor input = FpgaSessions.input(OnnxJavaType.UINT8, tau, 3, 3, 11, 21);
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

  @ParameterizedTest
  @CsvSource({"SIGNS", "VALUES"})
  void aWholeChainIsOneRequest(PackedOutputs last, @TempDir Path folder)
      throws OrtException, IOException {
    ModelProto model = TestModels.packed(5, 1, PackedOutputs.SIGNS, last);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      new FpgaBackend().configure(options, FpgaSessions.EMULATOR);
      options.enableProfiling(folder.resolve("profile").toString());
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      try (OrtSession session = environment.createSession(model.toByteArray(), options);
          OnnxTensor input = FpgaSessions.input(OnnxJavaType.UINT8, 1, 1, 3, 9, 9)) {
        FpgaSessions.run(session, input);
        assertEquals(List.of("SubBitFpga"), FpgaSessions.providers(session));
      }
    }
  }

  @Test
  void signsThatAreReadOutsideTheChainLeaveTheDeviceToo() throws OrtException {
    ModelProto model = TestModels.packedWithSecondOutput(4, 2);
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
  void aNodeWithValuesAndSignsRunsFromItsBodyAndItsConvolutionOnTheDevice() throws OrtException {
    ModelProto model = TestModels.packed(5, 3, PackedOutputs.VALUES_AND_SIGNS, PackedOutputs.SIGNS);
    assertEquals(NODES.size(), nodesOnTheDevice(model));
  }

  @Test
  void signsOfFewerChannelsThanAreReadGoThroughTheHost() throws OrtException {
    ModelProto model = TestModels.packedWithMoreChannelsRead(4);
    assertEquals(2, nodesOnTheDevice(model));
  }

  /** Runs a model on the function bodies and on the emulator, whose results must be the same. */
  private static int nodesOnTheDevice(ModelProto model) throws OrtException {
    FpgaBackend backend = new FpgaBackend();
    try (OnnxTensor input = FpgaSessions.input(OnnxJavaType.UINT8, 5, 2, 3, 9, 13);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession device = FpgaSessions.open(model, "fpga", FpgaSessions.EMULATOR)) {
      backend.drainTimings();
      assertEquals(FpgaSessions.run(bodies, input), FpgaSessions.run(device, input));
      return backend.drainTimings().size();
    }
  }
}

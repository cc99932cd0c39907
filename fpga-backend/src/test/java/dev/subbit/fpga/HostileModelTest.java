package dev.subbit.fpga;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import dev.subbit.fpga.TestModels.Extra;
import dev.subbit.onnx.PackedSignNodes.PackedOutputs;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.SubBitSessions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models are untrusted: whatever they contain leads to an exception or a result, never a crash. */
class HostileModelTest {

  /** Changes one attribute of a node; opening or running the model must fail with a message. */
  @ParameterizedTest(name = "{0} = {1}")
  @CsvSource({
    "tau, 0",
    "tau, 10",
    "tau, -1",
    "tau, 6",
    "out_channels, 0",
    "out_channels, 9",
    "out_channels, 4611686018427387904",
    "in_channels, -3",
    "in_channels, 9223372036854775807",
    "group, 0",
    "group, 3",
    "group, 9223372036854775807",
  })
  void badAttributeEndsInAnException(String name, long value) {
    expectRefusal(name, attribute -> attribute.setI(value));
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "strides, 0",
    "strides, -1",
    "strides, 70000",
    "pads, -1",
    "pads, 9223372036854775807",
    "dilations, 0",
    "dilations, 9223372036854775807",
  })
  void badListEndsInAnException(String name, long value) {
    expectRefusal(name, attribute -> attribute.setInts(1, value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"strides", "pads", "dilations"})
  void shortListEndsInAnException(String name) {
    expectRefusal(name, attribute -> attribute.clearInts().addInts(1));
  }

  private static void expectRefusal(String attribute, Consumer<AttributeProto.Builder> change) {
    for (ModelProto model : MODELS) {
      ModelProto.Builder changed = model.toBuilder();
      // In the residual network, node 2 is a block.
      boolean residual = model.getGraph().getName().equals("residual");
      NodeProto.Builder node = changed.getGraphBuilder().getNodeBuilder(residual ? 2 : 1);
      node.getAttributeBuilderList().stream()
          .filter(candidate -> candidate.getName().equals(attribute))
          .forEach(change);
      OrtException error = assertThrows(OrtException.class, () -> openAndRun(changed.build()));
      assertFalse(error.getMessage().isBlank());
    }
  }

  private static final List<ModelProto> MODELS =
      List.of(
          TestModels.binary(5, 1),
          TestModels.qLinear(false, 5, 1),
          TestModels.residual(false, 5, 1, Extra.NOTHING),
          TestModels.packed(5, 1, PackedOutputs.SIGNS, PackedOutputs.SIGNS));

  @Test
  void aResidualOfAnotherSizeEndsInAnException() {
    // With a stride of 2, the convolution in the first block has fewer outputs than its residual,
    // which is the result of the stem.
    ModelProto.Builder changed = TestModels.residual(false, 5, 1, Extra.NOTHING).toBuilder();
    changed.getGraphBuilder().getNodeBuilder(1).getAttributeBuilderList().stream()
        .filter(attribute -> attribute.getName().equals("strides"))
        .forEach(attribute -> attribute.setInts(0, 2));
    OrtException error = assertThrows(OrtException.class, () -> openAndRun(changed.build()));
    assertTrue(error.getMessage().contains("residual"), error.getMessage());
  }

  @Test
  void aConstantResidualIsLeftToTheCpu() throws OrtException {
    ModelProto.Builder changed = TestModels.residual(false, 5, 1, Extra.NOTHING).toBuilder();
    changed
        .getGraphBuilder()
        .addInitializer(
            TensorProto.newBuilder()
                .setName("constant")
                .setDataType(TensorProto.DataType.UINT8.getNumber())
                .addAllDims(List.of(1L, 12L, 9L, 9L))
                .setRawData(ByteString.copyFrom(new byte[12 * 9 * 9])))
        .getNodeBuilder(2)
        .setInput(SubBitOperator.Q_LINEAR_SUB_BIT_BLOCK.position("residual"), "constant");
    ModelProto model = changed.build();
    FpgaBackend backend = new FpgaBackend();
    try (OrtSession mixed = FpgaSessions.open(model, "fpga", FpgaSessions.EMULATOR);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OnnxTensor input = FpgaSessions.input(OnnxJavaType.UINT8, 1, 1, 3, 9, 9)) {
      backend.drainTimings();
      assertEquals(FpgaSessions.run(bodies, input), FpgaSessions.run(mixed, input));
      assertEquals(4, backend.drainTimings().size(), "nodes on the device");
    }
  }

  @Test
  void codewordWithAnInvalidTapEndsInAnException() {
    for (ModelProto model : MODELS) {
      ModelProto changed =
          withInitializer(
              model,
              model.getGraph().getName().equals("residual") ? "first/codebook" : "1/codebook",
              data -> data[7] = 3);
      OrtException error = assertThrows(OrtException.class, () -> openAndRun(changed));
      assertTrue(error.getMessage().contains("codebook"), error.getMessage());
    }
  }

  @Test
  void imagesOfTheWrongShapeEndInAnException() throws OrtException {
    try (OrtSession session = FpgaSessions.openWithoutCpu(TestModels.binary(5, 1));
        OnnxTensor rank = FpgaSessions.input(OnnxJavaType.FLOAT, 1, 1, 3, 9);
        OnnxTensor empty = FpgaSessions.input(OnnxJavaType.FLOAT, 1, 1, 3, 0, 9);
        OnnxTensor channels = FpgaSessions.input(OnnxJavaType.FLOAT, 1, 1, 4, 9, 9)) {
      for (OnnxTensor wrong : new OnnxTensor[] {rank, empty, channels}) {
        assertThrows(OrtException.class, () -> FpgaSessions.run(session, wrong));
      }
      assertThrows(OrtException.class, () -> session.run(Map.of()));
    }
  }

  @Test
  void anEmptyBatchHasAnEmptyResult() throws OrtException {
    try (OrtSession session = FpgaSessions.openWithoutCpu(TestModels.binary(5, 1));
        OnnxTensor none = FpgaSessions.input(OnnxJavaType.FLOAT, 1, 0, 3, 9, 9)) {
      assertEquals(0, FpgaSessions.run(session, none).remaining());
    }
  }

  @Test
  void whatTheDeviceCannotRunIsLeftToTheCpu() throws OrtException {
    // Padding beyond the window is legal, but the device does not support it.
    ModelProto.Builder model = TestModels.binary(5, 1).toBuilder();
    model.getGraphBuilder().getNodeBuilder(0).getAttributeBuilderList().stream()
        .filter(attribute -> attribute.getName().equals("pads"))
        .forEach(attribute -> attribute.setInts(0, 5));
    ModelProto changed = model.build();
    assertThrows(OrtException.class, () -> FpgaSessions.openWithoutCpu(changed));
    FpgaBackend backend = new FpgaBackend();
    try (OrtSession mixed = FpgaSessions.open(changed, "fpga", FpgaSessions.EMULATOR);
        OrtSession bodies = FpgaSessions.open(changed, "onnxruntime", Map.of());
        OnnxTensor input = FpgaSessions.input(OnnxJavaType.FLOAT, 1, 2, 3, 9, 9)) {
      backend.drainTimings();
      assertEquals(FpgaSessions.run(bodies, input), FpgaSessions.run(mixed, input));
      assertEquals(2, backend.drainTimings().size(), "nodes on the device");
    }
  }

  @Test
  void flippedBitsNeverCrash() {
    Random random = new Random(1);
    for (ModelProto model :
        new ModelProto[] {
          TestModels.binary(3, 1),
          TestModels.qLinear(true, 3, 1),
          TestModels.residual(true, 3, 1, Extra.NOTHING),
          TestModels.packed(3, 1, PackedOutputs.SIGNS, PackedOutputs.VALUES)
        }) {
      byte[] bytes = model.toByteArray();
      int refused = 0;
      for (int run = 0; run < 120; run++) {
        byte[] changed = bytes.clone();
        changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
        try {
          openAndRun(changed, FpgaSessions.inputType(model));
        } catch (OrtException e) {
          refused++;
          assertFalse(e.getMessage().isBlank());
        }
      }
      assertTrue(refused > 0);
    }
  }

  private static void openAndRun(ModelProto model) throws OrtException {
    openAndRun(model.toByteArray(), FpgaSessions.inputType(model));
  }

  private static void openAndRun(byte[] model, OnnxJavaType type) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      new FpgaBackend().configure(options, FpgaSessions.EMULATOR);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      try (OrtSession session = SubBitSessions.create(model, options);
          OnnxTensor input = FpgaSessions.input(type, 1, 1, 3, 9, 9)) {
        FpgaSessions.run(session, input);
      }
    }
  }

  private static ModelProto withInitializer(
      ModelProto model, String suffix, Consumer<byte[]> change) {
    ModelProto.Builder changed = model.toBuilder();
    for (TensorProto.Builder tensor : changed.getGraphBuilder().getInitializerBuilderList()) {
      if (tensor.getName().endsWith(suffix)) {
        byte[] data = tensor.getRawData().toByteArray();
        change.accept(data);
        tensor.setRawData(ByteString.copyFrom(data));
      }
    }
    return changed.build();
  }
}

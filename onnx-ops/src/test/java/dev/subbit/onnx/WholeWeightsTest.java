package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A QLinearConv of whole weights means the same in every form that other tools are given. */
class WholeWeightsTest {

  /** Two stages: all +1, and -1 in the middle. Each output takes one of each. */
  private static CodedWeights weights() {
    byte[] ones = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    byte[] rings = ones.clone();
    rings[4] = -1;
    rings[9 + 4] = -1;
    return CodedWeights.pack(
        new long[] {2, 1, 3, 3},
        9,
        List.of(ones, rings),
        List.of(new int[] {0, 1}, new int[] {1, 0}),
        List.of(new float[2], new float[2]));
  }

  /** A convolution of one pixel, in whose outputs the stages count 3 and 1, and 2 and -1. */
  private static ModelProto model(long opset) {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("whole")
            .addInput(OnnxProtos.value("x", DataType.UINT8, 1, 1, 1, 1))
            .addOutput(OnnxProtos.value("y", DataType.UINT8, 1, 2, 1, 1))
            .addInitializer(OnnxProtos.tensor("one", new float[] {1}))
            .addInitializer(OnnxProtos.tensor("zero", DataType.UINT8, new byte[1]))
            .addInitializer(OnnxProtos.tensor("none", DataType.INT8, new byte[1]))
            .addInitializer(OnnxProtos.tensor("step", new float[] {1, 0.5f}, 2))
            .addInitializer(OnnxProtos.tensor("B", new int[] {0, 100}, 2));
    WeightsFunction.write(graph, "w", weights());
    NodeProto scaled = graph.getNode(0);
    graph.clearNode();
    String kernels = WholeWeights.write(graph, "w2", scaled, new float[] {3, 2, 1, -1}, 2);
    graph.addNode(
        NodeProto.newBuilder()
            .setName("conv")
            .setOpType("QLinearConv")
            .addAllInput(List.of("x", "one", "zero", kernels, "step", "none", "one", "zero", "B"))
            .addOutput("y")
            .addAttribute(OnnxProtos.attribute("kernel_shape", 3, 3))
            .addAttribute(OnnxProtos.attribute("pads", 1, 1, 1, 1)));
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8).setGraph(graph);
    model.addOpsetImportBuilder().setVersion(opset);
    return SubBitModels.withOperators(model).build();
  }

  private static byte[] run(ModelProto model, int pixel) throws Exception {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session =
            environment.createSession(model.toByteArray(), new OrtSession.SessionOptions());
        OnnxTensor x =
            OnnxTensor.createTensor(
                environment,
                ByteBuffer.wrap(new byte[] {(byte) pixel}),
                new long[] {1, 1, 1, 1},
                OnnxJavaType.UINT8);
        OrtSession.Result result = session.run(Map.of("x", x))) {
      byte[] y = new byte[2];
      ((OnnxTensor) result.get(0)).getByteBuffer().get(y);
      return y;
    }
  }

  private static List<String> opTypes(ModelProto model) {
    return model.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  @Test
  void stagesAreAddedInWholeMultiplesOfAStep() throws Exception {
    // The middle taps: 3 - 1, and 2 + 1 in steps of a half.
    assertArrayEquals(new byte[] {2 * 20, (3 * 20 + 100) / 2}, run(model(18), 20));
  }

  @Test
  void otherFormsGiveTheSameBits() throws Exception {
    ModelProto model = model(18);
    ModelProto plain = PortableModels.plain(model);
    for (int pixel : new int[] {0, 21, 127}) {
      assertArrayEquals(run(model, pixel), run(PortableModels.inlined(model), pixel));
      assertArrayEquals(run(model, pixel), run(plain, pixel));
    }
    assertEquals(
        List.of(
            "DequantizeLinear",
            "DequantizeLinear",
            "Mul",
            "DequantizeLinear",
            "Conv",
            "QuantizeLinear"),
        opTypes(plain));
    TensorProto kernels =
        plain.getGraph().getInitializerList().stream()
            .filter(tensor -> tensor.getName().equals("w2/int8"))
            .findFirst()
            .orElseThrow();
    assertEquals(DataType.INT8.getNumber(), kernels.getDataType());
    assertEquals(2, kernels.getRawData().byteAt(4), "3 - 1");
  }

  @Test
  void otherFormsNeedScalesPerChannel() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> PortableModels.inlined(model(12)))
            .getMessage();
    assertTrue(message.contains("'conv' needs operator set 13"), message);
  }

  @Test
  void theyAreKnownByTheConvolutionsThatReadThem() {
    assertEquals(Set.of("w2"), WholeWeights.readByConvolutions(model(18).getGraph()));
    GraphProto plain = PortableModels.plain(model(18)).getGraph();
    assertEquals(Set.of(), WholeWeights.readByConvolutions(plain));
  }
}

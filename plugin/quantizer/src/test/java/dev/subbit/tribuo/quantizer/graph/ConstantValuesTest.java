package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConstantValuesTest {

  private final TinyGraph graph = new TinyGraph();

  private ConstantValuesTest bytes(String name, DataType type, int[] values, long... shape) {
    byte[] data = new byte[values.length];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) values[i];
    }
    graph.tensor(OnnxProtos.tensor(name, type, data, shape));
    return this;
  }

  private Optional<float[]> dequantized(List<String> inputs, AttributeProto... attributes) {
    graph.node("DequantizeLinear", inputs, "w", attributes);
    return constant("w");
  }

  private Optional<float[]> constant(String name) {
    return Optional.ofNullable(ConstantValues.of(graph.model(), List.of(name)).get(name))
        .flatMap(FloatTensors::converted);
  }

  @Test
  void whatNodesMakeOfConstantsIsConstantWhateverTheirTypes() {
    graph.floats("f", new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    graph
        .node("Cast", List.of("f"), "half", OnnxProtos.attribute("to", 10L))
        .node("Transpose", List.of("half"), "turned", OnnxProtos.attribute("perm", 1, 0))
        .node("Add", List.of("turned", "turned"), "w");
    TensorProto found = ConstantValues.of(graph.model(), List.of("w")).get("w");
    assertEquals(DataType.FLOAT16.getNumber(), found.getDataType());
    assertEquals(List.of(3L, 2L), found.getDimsList());
    assertArrayEquals(
        new float[] {2, 8, 4, 10, 6, 12}, FloatTensors.converted(found).orElseThrow());
  }

  @Test
  void whatDependsOnInputsOrChanceIsNoConstant() {
    graph.floats("f", new float[] {1, 2}, 2).input("x", 2).input("f2", 2).filled("f2", 1, 2);
    graph
        .node("Add", List.of("f", "x"), "sum")
        .node("Neg", List.of("sum"), "negative")
        .node("Neg", List.of("f2"), "replaceable")
        .node("RandomNormalLike", List.of("f"), "chance");
    List<String> names = List.of("sum", "negative", "replaceable", "chance", "f", "absent");
    assertEquals(Map.of(), ConstantValues.of(graph.model(), names));
  }

  @Test
  void sparseInitializersAreDense() {
    SparseTensorProto sparse =
        SparseTensorProto.newBuilder()
            .setValues(OnnxProtos.tensor("w", new float[] {5, 7}, 2))
            .setIndices(OnnxProtos.tensor("", new long[] {1, 3}, 2))
            .addDims(2)
            .addDims(2)
            .build();
    graph.builder().addSparseInitializer(sparse);
    assertArrayEquals(new float[] {0, 5, 0, 7}, constant("w").orElseThrow());
  }

  @Test
  void oneThatCannotBeComputedDoesNotCostTheOthers() {
    graph.floats("f", new float[] {1, 2, 3}, 3).floats("g", new float[] {1, 2}, 2);
    graph.node("Add", List.of("f", "g"), "wrong").node("Neg", List.of("g"), "right");
    assertEquals(
        Set.of("right"), ConstantValues.of(graph.model(), List.of("wrong", "right")).keySet());
  }

  @Test
  void unsignedBytesAreReadAsSuch() {
    bytes("q", DataType.UINT8, new int[] {0, 128, 255}, 3)
        .bytes("z", DataType.UINT8, new int[] {128});
    graph.floats("s", new float[] {0.5f});
    assertArrayEquals(
        new float[] {-64, 0, 63.5f}, dequantized(List.of("q", "s", "z")).orElseThrow());
  }

  @Test
  void signedBytesAndWholeNumbersNeedNoZeroPoint() {
    bytes("q", DataType.INT8, new int[] {-128, 127}, 2);
    graph.floats("s", new float[] {2});
    assertArrayEquals(new float[] {-256, 254}, dequantized(List.of("q", "s")).orElseThrow());
    graph.tensor(OnnxProtos.tensor("i", new int[] {-100_000, 3}, 2));
    graph.node("DequantizeLinear", List.of("i", "s"), "bias");
    assertArrayEquals(new float[] {-200_000, 6}, constant("bias").orElseThrow());
  }

  @Test
  void numbersMayStandInTheFieldOfWholeNumbers() {
    graph.tensor(
        TensorProto.newBuilder()
            .setName("q")
            .setDataType(DataType.INT8.getNumber())
            .addDims(2)
            .addInt32Data(-3)
            .addInt32Data(4)
            .build());
    graph.floats("s", new float[] {1});
    assertArrayEquals(new float[] {-3, 4}, dequantized(List.of("q", "s")).orElseThrow());
  }

  @Test
  void eachSliceAlongAnAxisHasItsScale() {
    bytes("q", DataType.INT8, new int[] {1, 2, 3, 4}, 2, 2);
    bytes("z", DataType.INT8, new int[] {0, 1}, 2);
    graph.floats("s", new float[] {1, 10}, 2);
    List<String> inputs = List.of("q", "s", "z");
    assertArrayEquals(
        new float[] {1, 2, 20, 30},
        dequantized(inputs, OnnxProtos.attribute("axis", 0L)).orElseThrow());
    graph.builder().clearNode();
    assertArrayEquals(new float[] {1, 10, 3, 30}, dequantized(inputs).orElseThrow(), "axis 1");
    graph.builder().clearNode();
    assertArrayEquals(
        new float[] {1, 2, 20, 30},
        dequantized(inputs, OnnxProtos.attribute("axis", -2L)).orElseThrow());
  }

  @Test
  void roundedFloatsAreWhatIsLeftOfThem() {
    graph.floats("f", new float[] {0.5f, 1.5f, -2.5f, 200, -300}, 5);
    graph.floats("s", new float[] {1});
    bytes("z", DataType.INT8, new int[] {10});
    graph.node("QuantizeLinear", List.of("f", "s", "z"), "q");
    // Halves go to even numbers; what does not fit -128 to 127 with its zero point 10 is cut.
    assertArrayEquals(
        new float[] {0, 2, -2, 117, -138}, dequantized(List.of("q", "s", "z")).orElseThrow());
  }

  @Test
  void whatDoesNotFitTogetherIsNoConstant() {
    bytes("q", DataType.INT8, new int[] {1, 2, 3}, 3);
    bytes("short", DataType.INT8, new int[] {1, 2}, 3);
    bytes("z", DataType.INT8, new int[] {0, 0}, 2);
    graph.floats("s", new float[] {1}).floats("two", new float[] {1, 2}, 2);
    graph.floats("none", new float[0], 0).input("open", 3);
    graph.tensor(OnnxProtos.tensor("long", new long[] {1, 2, 3}, 3));
    AttributeProto first = OnnxProtos.attribute("axis", 0L);
    for (List<String> inputs :
        List.of(
            List.of("short", "s"),
            List.of("q", "two"),
            List.of("q", "two", "z"),
            List.of("q", "s", "z"),
            List.of("q", "none"),
            List.of("q", "absent"),
            List.of("long", "s"),
            List.of("open", "s"),
            List.of("q"))) {
      graph.builder().clearNode();
      assertEquals(Optional.empty(), dequantized(inputs, first), inputs.toString());
    }
    graph.builder().clearNode();
    assertTrue(dequantized(List.of("q", "s"), OnnxProtos.attribute("block_size", 16L)).isEmpty());
    graph.builder().clearNode();
    assertTrue(dequantized(List.of("q", "two"), OnnxProtos.attribute("axis", 5L)).isEmpty());
  }
}

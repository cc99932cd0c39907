package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.onnx.graph.TinyGraph;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What around a sub-bit convolution it can take in when it runs on 8 bits. */
class IntegerConvTest {

  private final TinyGraph graph = new TinyGraph().input("x", 1, 1, 8, 8);

  private TinyGraph conv(String name, String x) {
    return conv(name, x, ConvAttributes.of(1, 1));
  }

  private TinyGraph conv(String name, String x, ConvAttributes attributes) {
    SubBitNodes.conv(
        graph.builder(), name, x, SubBitLayers.ones(1, 1, 1), attributes, new float[] {0});
    return graph;
  }

  private TinyGraph zeroPoint(String name, DataType type, int value) {
    return graph.tensor(OnnxProtos.tensor(name, type, new byte[] {(byte) value}));
  }

  private List<IntegerConv> found() {
    return IntegerConv.of(graph.model());
  }

  @Test
  void aConvolutionAloneReadsAndGivesFloats() {
    conv("c", "x").output("c");
    assertEquals(
        List.of(new IntegerConv("c", 0, null, -1, null, -1, "x", "c", null, -1, null)), found());
  }

  @Test
  void floatConvolutionsAreNotLookedAt() {
    graph.filled("w", 1, 1, 1, 3, 3).node("Conv", List.of("x", "w"), "y").output("y");
    assertEquals(List.of(), found());
  }

  @Test
  void aReluThatAloneReadsItIsTheClampOfItsOutput() {
    conv("c", "x").node("Relu", List.of("c"), "r").output("r");
    assertEquals(1, found().get(0).activation());
    assertEquals("r", found().get(0).output());
    graph.output("c");
    assertEquals(-1, found().get(0).activation(), "the values below zero are wanted too");
    assertEquals("c", found().get(0).output());
  }

  @Test
  void aClipIsAnActivationIfItCutsAtZero() {
    graph.floats("zero", new float[] {0}).floats("one", new float[] {1});
    conv("c", "x").node("Clip", List.of("c", "zero"), "r").output("r");
    assertEquals("r", found().get(0).output());
    graph.builder().clearNode();
    conv("d", "x").node("Clip", List.of("d", "one"), "r");
    assertEquals("d", found().get(0).output());
    graph.builder().clearNode();
    conv("e", "x").node("Clip", List.of("e"), "r");
    assertEquals("e", found().get(0).output());
  }

  @Test
  void aStageTakesInTheSumOfThoseBeforeIt() {
    conv("a", "x");
    conv("b", "x");
    graph.node("Add", List.of("a", "b"), "s2");
    conv("c", "x");
    graph.node("Add", List.of("s2", "c"), "s3").node("Relu", List.of("s3"), "r").output("r");
    List<IntegerConv> found = found();
    assertEquals(
        new IntegerConv("a", 0, null, -1, null, -1, "x", "a", null, -1, null), found.get(0));
    assertEquals(
        new IntegerConv("b", 1, null, 2, "a", -1, "x", "s2", null, -1, null), found.get(1));
    assertEquals(new IntegerConv("c", 3, null, 4, "s2", 5, "x", "r", null, -1, null), found.get(2));
  }

  @Test
  void otherSumsAreNotStages() {
    // Another input, another geometry, and a value added to itself.
    conv("a", "x");
    graph.node("Neg", List.of("x"), "n");
    conv("b", "n");
    graph.node("Add", List.of("a", "b"), "s").output("s");
    conv("c", "x");
    conv("d", "x", new ConvAttributes(1, 1, 2, 2, 2, 2, 2, 2, 1));
    graph.node("Add", List.of("c", "d"), "t").output("t");
    conv("e", "x").node("Add", List.of("e", "e"), "u").output("u");
    for (IntegerConv conv : found()) {
      assertEquals(-1, conv.add(), conv.name());
      assertNull(conv.residual(), conv.name());
    }
  }

  @Test
  void eightBitsThatAreThereAlreadyAreUsed() {
    graph.floats("s", new float[] {0.5f}).floats("t", new float[] {0.25f});
    zeroPoint("z", DataType.UINT8, 7);
    graph
        .node("QuantizeLinear", List.of("x", "s", "z"), "xq")
        .node("DequantizeLinear", List.of("xq", "s", "z"), "xf");
    conv("c", "xf")
        .node("QuantizeLinear", List.of("c", "t", "z"), "q")
        .node("DequantizeLinear", List.of("q", "t", "z"), "y")
        .output("y");
    IntegerConv found = found().get(0);
    assertEquals(new IntegerValue("xq", new QuantizedRange(0.5f, 7), false), found.givenInput());
    assertEquals(new IntegerValue("q", new QuantizedRange(0.25f, 7), false), found.givenOutput());
    assertEquals(3, found.quantizeNode());
  }

  @Test
  void signedBytesAreReadAsIfTheyWereUnsigned() {
    graph.floats("s", new float[] {0.5f});
    zeroPoint("z", DataType.INT8, -100);
    conv("c", "x").node("QuantizeLinear", List.of("c", "s", "z"), "q").output("q");
    IntegerValue given = found().get(0).givenOutput();
    assertEquals(new IntegerValue("q", new QuantizedRange(0.5f, 28), true), given);
    assertEquals(-100, given.zeroPoint());
    assertEquals(28, new IntegerValue("q", new QuantizedRange(0.5f, 28), false).zeroPoint());
  }

  @Test
  void anActivationIsTheClampOnlyWhereBothCutAtTheSameValues() {
    graph
        .floats("zero", new float[] {0})
        .floats("six", new float[] {6})
        .floats("fits", new float[] {6 / 255f})
        .floats("wide", new float[] {7 / 255f});
    zeroPoint("z", DataType.UINT8, 0);
    zeroPoint("z1", DataType.UINT8, 1);
    String[][] cases = {{"fits", "z", "3"}, {"wide", "z", "-1"}, {"fits", "z1", "-1"}};
    for (int i = 0; i < cases.length; i++) {
      graph.builder().clearNode();
      conv("c" + i, "x")
          .node("Relu", List.of("x"), "other")
          .node("Clip", List.of("c" + i, "zero", "six"), "r")
          .node("QuantizeLinear", List.of("r", cases[i][0], cases[i][1]), "q");
      IntegerConv found = found().get(0);
      assertEquals(2, found.activation());
      assertEquals(Integer.parseInt(cases[i][2]), found.quantizeNode(), "case " + i);
      assertEquals(found.quantizeNode() < 0, found.givenOutput() == null);
    }
  }

  @Test
  void rangesOfManyScalesOrNoneAreNotUsed() {
    graph
        .floats("two", new float[] {1, 1}, 2)
        .floats("zero", new float[] {0})
        .floats("endless", new float[] {Float.POSITIVE_INFINITY})
        .floats("s", new float[] {1});
    zeroPoint("z", DataType.UINT8, 0);
    graph.tensor(OnnxProtos.tensor("wide", new int[] {0}));
    String[][] cases = {{"two", "z"}, {"zero", "z"}, {"endless", "z"}, {"s", "wide"}, {"s", "x"}};
    for (int i = 0; i < cases.length; i++) {
      graph.builder().clearNode();
      conv("c" + i, "x").node("QuantizeLinear", List.of("c" + i, cases[i][0], cases[i][1]), "q");
      assertNull(found().get(0).givenOutput(), "case " + i);
    }
  }
}

package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a layer of an integer network that is a node of its own may state. */
class IntegerSettingsTest {

  private static final NodeProto STEM = stem();

  private static NodeProto stem() {
    GraphProto.Builder graph = GraphProto.newBuilder();
    IntegerNodes.add(
        graph,
        "stem",
        "x",
        new IntegerLayer.Stem(
            IntegerLayer.Window.square(3, 1, 1),
            new byte[9],
            new byte[1],
            new short[1],
            new short[1],
            4,
            IntegerLayer.Window.NONE,
            16));
    return graph.getNode(0);
  }

  @Test
  void aLayerAsItIsWrittenIsValid() {
    IntegerSettings.requireValid(SubBitOperator.INTEGER_STEM, STEM);
  }

  @Test
  void limitsAndLengthsAreThoseOfTheTable() {
    assertRefused(
        "shift is -1, allowed: 1 to 16", node -> attribute(node, "shift").setI(-1).build());
    assertRefused(
        "strides is 33, allowed: 1 to 32", node -> attribute(node, "strides").setInts(1, 33));
    assertRefused(
        "the length of pads is 5, allowed: 4", node -> attribute(node, "pads").addInts(0));
    assertRefused(
        "pool_strides is 2, allowed: 1 without a pool",
        node -> attribute(node, "pool_strides").setInts(0, 2));
  }

  @Test
  void everyAttributeIsThereOnceAndOfItsType() {
    String refused = "width is missing or not one integer";
    assertRefused(refused, node -> attribute(node, "width").setName("other"));
    assertRefused(refused, node -> node.addAttribute(attribute(node, "width").clone()));
    assertRefused(
        refused, node -> attribute(node, "width").setType(AttributeProto.AttributeType.FLOAT));
    assertRefused(refused, node -> attribute(node, "width").setRefAttrName("width"));
    assertRefused(
        "strides is missing or not one list of integers",
        node -> attribute(node, "strides").setType(AttributeProto.AttributeType.INT));
  }

  @Test
  void inputsAndOutputsAreCounted() {
    assertRefused("the number of inputs is 6, allowed: 5", node -> node.addInput("x"));
    assertRefused("the number of outputs is 0, allowed: 1", NodeProto.Builder::clearOutput);
  }

  private static AttributeProto.Builder attribute(NodeProto.Builder node, String name) {
    return node.getAttributeBuilderList().stream()
        .filter(attribute -> attribute.getName().equals(name))
        .findAny()
        .orElseThrow();
  }

  private static void assertRefused(String why, Consumer<NodeProto.Builder> change) {
    NodeProto.Builder node = STEM.toBuilder();
    change.accept(node);
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> IntegerSettings.requireValid(SubBitOperator.INTEGER_STEM, node.build()));
    assertEquals("IntegerStem node 'stem': " + why, e.getMessage());
  }
}

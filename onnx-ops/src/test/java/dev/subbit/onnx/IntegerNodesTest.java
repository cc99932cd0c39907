package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.IntegerLayer.Window;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Layers of integer networks as nodes, and those that are refused. */
class IntegerNodesTest {

  private static final PackedConvWeights WEIGHTS =
      PackedConvWeights.pack(1, Codebook.full(), new int[] {0, 511}, new float[] {1, 2});
  private static final short[] ONE = {7};
  private static final short[] TWO = {-7, 7};
  private static final short[] LEAST = {1, Short.MIN_VALUE};

  private static IntegerLayer.Stem stem(
      Window window, byte[] weight, short[] multiplier, int shift, Window pool, int width) {
    return new IntegerLayer.Stem(
        window, weight, new byte[1], multiplier, new short[multiplier.length], shift, pool, width);
  }

  private static IntegerLayer.Conv conv(
      int stride, short[] threshold, short[] multiplier, int shift, Window pool) {
    return new IntegerLayer.Conv(WEIGHTS, stride, threshold, multiplier, TWO, shift, pool, 16);
  }

  private static IntegerLayer.Block block(short[] slope, int slopeShift, short[] shiftOut) {
    return new IntegerLayer.Block(WEIGHTS, 1, ONE, TWO, TWO, 11, slope, slopeShift, shiftOut, 16);
  }

  private static IntegerLayer.Shortcut shortcut(int pool, byte[] weight, int shift) {
    return new IntegerLayer.Shortcut(pool, weight, TWO, TWO, shift, 12);
  }

  private static IntegerLayer.Classifier classifier(int parts, byte[] weight, float... scale) {
    return new IntegerLayer.Classifier(parts, weight, scale, new float[scale.length], 0);
  }

  private static byte[] full(int count, int value) {
    byte[] bytes = new byte[count];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void aNodeHasAllAttributesAndItsParametersAreNamedAfterIt() {
    GraphProto.Builder graph = GraphProto.newBuilder();
    assertEquals("b1", IntegerNodes.add(graph, "b1", "x", "r", block(TWO, 2, TWO)));
    NodeProto node = graph.getNode(0);
    assertEquals("IntegerSubBitBlock", node.getOpType());
    assertEquals(
        List.of(
            "x",
            "b1/threshold",
            "b1/index",
            "b1/codebook",
            "b1/multiplier",
            "b1/bias",
            "r",
            "b1/slope",
            "b1/shift_out"),
        node.getInputList());
    assertEquals(
        List.of("tau", "out_channels", "in_channels", "strides", "shift", "slope_shift", "width"),
        node.getAttributeList().stream().map(AttributeProto::getName).toList());
    assertEquals(
        List.of(
            "b1/threshold",
            "b1/index",
            "b1/codebook",
            "b1/multiplier",
            "b1/bias",
            "b1/slope",
            "b1/shift_out"),
        graph.getInitializerList().stream().map(TensorProto::getName).toList());
    assertEquals(List.of(2L), graph.getInitializer(5).getDimsList());
    assertEquals(TensorProto.DataType.INT16.getNumber(), graph.getInitializer(5).getDataType());
  }

  @Test
  void layersThatTheOperatorsRefuseAreNamed() {
    Window three = Window.square(3, 1, 1);
    byte[] nine = new byte[18];
    assertRefused(stem(Window.square(33, 1, 0), nine, TWO, 4, Window.NONE, 16), "33x33");
    assertRefused(stem(new Window(3, 2, 1, 1, 0, 0, 0, 0), nine, TWO, 4, Window.NONE, 16), "3x2");
    assertRefused(stem(Window.square(3, 0, 1), nine, TWO, 4, Window.NONE, 16), "strides is 0");
    assertRefused(stem(Window.square(3, 1, 3), nine, TWO, 4, Window.NONE, 16), "pads is [3, 3");
    assertRefused(stem(three, nine, TWO, 0, Window.NONE, 16), "shift is 0, allowed: 1 to 16");
    assertRefused(stem(three, nine, TWO, 4, Window.square(1, 2, 0), 16), "pool_strides is 2");
    assertRefused(stem(three, nine, TWO, 4, Window.square(2, 2, 2), 16), "pool_pads is [2, 2");
    assertRefused(stem(three, nine, TWO, 4, Window.NONE, 17), "width is 17, allowed: 9 to 16");
    assertRefused(stem(three, nine, LEAST, 4, Window.NONE, 16), "multiplier is -32768");
    assertRefused(stem(three, new byte[17], TWO, 4, Window.NONE, 16), "weights is 17");
    // 32 * 32 * 33 = 33,792, more than 32,896.
    assertRefused(
        stem(Window.square(32, 1, 0), full(1024, 33), ONE, 4, Window.NONE, 16),
        "'weight' is 33792, allowed: at most 32896");

    assertRefused(conv(3, ONE, TWO, 0, Window.NONE), "strides is 3");
    assertRefused(conv(1, TWO, TWO, 0, Window.NONE), "'threshold' is 2, allowed: 1");
    assertRefused(conv(1, ONE, ONE, 0, Window.NONE), "'multiplier' is 1, allowed: 2");
    assertRefused(conv(1, ONE, TWO, 12, Window.NONE), "shift is 12");
    int wide = 57; // 9 * 57 * 2^6 = 32,832
    assertRefused(
        new IntegerLayer.Conv(
            PackedConvWeights.pack(wide, Codebook.full(), new int[wide], new float[1]),
            1,
            new short[wide],
            ONE,
            ONE,
            6,
            Window.NONE,
            16),
        "9 * in_channels * 2^shift is 32832, allowed: at most 32767");
    assertRefused(block(TWO, 0, TWO), "a block needs a residual");
    assertRefused(
        () -> IntegerNodes.add(graph(), "node", "x", "r", block(LEAST, 0, TWO)), "slope is -32768");
    assertRefused(
        () -> IntegerNodes.add(graph(), "node", "x", "r", block(TWO, 4, TWO)), "slope_shift is 4");
    assertRefused(
        () -> IntegerNodes.add(graph(), "node", "x", "r", block(TWO, 0, ONE)), "'shift_out' is 1");

    assertRefused(shortcut(3, new byte[2], 8), "pool is 3");
    assertRefused(shortcut(1, new byte[3], 8), "weights is 3, allowed: a multiple of 2");
    assertRefused(shortcut(1, new byte[2], 24), "shift is 24");
    // 520 * 127 = 66,040; 32768 times that is more than 2^31.
    assertRefused(shortcut(1, full(2 * 520, 127), 1), "'weight' is 66040, allowed: at most 65535");

    assertRefused(classifier(0, new byte[4], 1), "parts is 0");
    assertRefused(classifier(3, new byte[4], 1), "weights is 4");
    assertRefused(classifier(1, new byte[4], Float.NaN), "scale is NaN");
    assertRefused(classifier(1, new byte[0]), "the number of weights is 0");
    assertRefused(classifier(1, full(520, -127), 1), "'weight' is 66040, allowed: at most 65535");
  }

  private static GraphProto.Builder graph() {
    return GraphProto.newBuilder();
  }

  private static void assertRefused(IntegerLayer layer, String part) {
    assertRefused(() -> IntegerNodes.add(graph(), "node", "x", layer), part);
  }

  private static void assertRefused(
      org.junit.jupiter.api.function.Executable executable, String part) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, executable);
    assertTrue(e.getMessage().startsWith("Node 'node': "), e.getMessage());
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}

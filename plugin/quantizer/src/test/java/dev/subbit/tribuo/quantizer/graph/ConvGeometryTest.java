package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ConvGeometryTest {

  private static ConvAttributes of(NodeProto node, long[] size) throws Refusal {
    return ConvGeometry.of(node, new int[] {3, 3}, size);
  }

  @Test
  void samePaddingDependsOnTheKernel() throws Refusal {
    ConvAttributes a = ConvGeometry.of(conv(same("UPPER")), new int[] {5, 1}, UNKNOWN);
    assertEquals(new ConvAttributes(1, 1, 2, 0, 2, 0, 1, 1, 1), a);
  }

  private static final long[] UNKNOWN = null;

  private static NodeProto conv(AttributeProto... attributes) {
    return TinyGraph.nodeOf("Conv", List.of("x", "w"), "y", attributes);
  }

  private static AttributeProto same(String end) {
    return OnnxProtos.attribute("auto_pad", "SAME_" + end);
  }

  private static AttributeProto strides(long height, long width) {
    return OnnxProtos.attribute("strides", height, width);
  }

  private static void assertRefused(NodeProto node, long[] size, String reason) {
    String message = assertThrows(Refusal.class, () -> of(node, size)).getMessage();
    assertTrue(message.contains(reason), message);
  }

  @Test
  void whatIsLeftOutIsAsOnnxSays() throws Refusal {
    assertEquals(ConvAttributes.of(1, 0), of(conv(), UNKNOWN));
  }

  @Test
  void attributesAreTakenInOnnxsOrder() throws Refusal {
    assertEquals(
        new ConvAttributes(2, 3, 4, 5, 6, 7, 8, 9, 10),
        of(
            conv(
                strides(2, 3),
                OnnxProtos.attribute("pads", 4, 5, 6, 7),
                OnnxProtos.attribute("dilations", 8, 9),
                OnnxProtos.attribute("group", 10L)),
            UNKNOWN));
  }

  @Test
  void validMeansNoPadding() throws Refusal {
    assertEquals(
        ConvAttributes.of(2, 0),
        of(conv(OnnxProtos.attribute("auto_pad", "VALID"), strides(2, 2)), UNKNOWN));
  }

  @Test
  void samePaddingWithoutStridesNeedsNoSize() throws Refusal {
    assertEquals(
        new ConvAttributes(1, 1, 1, 2, 1, 2, 1, 2, 1),
        of(conv(same("UPPER"), OnnxProtos.attribute("dilations", 1, 2)), UNKNOWN));
    assertFalse(ConvGeometry.dependsOnSize(conv(same("UPPER"))));
    assertFalse(ConvGeometry.dependsOnSize(conv(same("LOWER"), strides(1, 1))));
  }

  @Test
  void theOddRowOfSamePaddingIsBelowOrAbove() throws Refusal {
    // 6 rows in strides of 2 give 3, which see 7: one row of padding. 5 columns give 3: two.
    assertEquals(
        new ConvAttributes(2, 2, 0, 1, 1, 1, 1, 1, 1),
        of(conv(same("UPPER"), strides(2, 2)), new long[] {6, 5}));
    assertEquals(
        new ConvAttributes(2, 2, 1, 1, 0, 1, 1, 1, 1),
        of(conv(same("LOWER"), strides(2, 2)), new long[] {6, 5}));
  }

  @Test
  void stridesBeyondTheKernelNeedNoPadding() throws Refusal {
    // 8 rows in strides of 4 give 2, which see rows 0 to 2 and 4 to 6.
    assertEquals(
        ConvAttributes.of(4, 0), of(conv(same("UPPER"), strides(4, 4)), new long[] {8, 8}));
  }

  @Property(tries = 200)
  void samePaddingGivesOneOutputPerStride(
      @ForAll @IntRange(min = 1, max = 40) int height,
      @ForAll @IntRange(min = 1, max = 40) int width,
      @ForAll @IntRange(min = 1, max = 4) int stride,
      @ForAll @IntRange(min = 1, max = 3) int dilation,
      @ForAll boolean upper)
      throws Refusal {
    ConvAttributes geometry =
        of(
            conv(
                same(upper ? "UPPER" : "LOWER"),
                strides(stride, 1),
                OnnxProtos.attribute("dilations", dilation, dilation)),
            new long[] {height, width});
    assertEquals((height + stride - 1) / stride, geometry.outputHeight(height));
    assertEquals(width, geometry.outputWidth(width));
    int odd = geometry.padBottom() - geometry.padTop();
    assertTrue(odd == 0 || odd == (upper ? 1 : -1), "balanced up to one row");
  }

  @Test
  void samePaddingWithStridesNeedsTheSize() {
    NodeProto node = conv(same("LOWER"), strides(1, 2));
    assertTrue(ConvGeometry.dependsOnSize(node));
    assertRefused(node, UNKNOWN, "not fixed");
    assertRefused(node, new long[] {8, -1}, "not fixed");
  }

  @Test
  void attributesThatMakeNoSenseAreNamed() {
    assertRefused(conv(strides(0, 1)), UNKNOWN, "stride is at least 1, found 0");
    assertRefused(conv(strides(-1, 1)), UNKNOWN, "its attribute strides is [-1, 1]");
    assertRefused(conv(OnnxProtos.attribute("pads", 1, 1)), UNKNOWN, "attribute pads is [1, 1]");
    assertRefused(
        conv(OnnxProtos.attribute("dilations", 1, 1L << 33)), UNKNOWN, "attribute dilations");
    assertRefused(conv(OnnxProtos.attribute("group", 0L)), UNKNOWN, "attribute group is 0");
    assertRefused(conv(OnnxProtos.attribute("group", 1L << 32)), UNKNOWN, "attribute group");
  }
}

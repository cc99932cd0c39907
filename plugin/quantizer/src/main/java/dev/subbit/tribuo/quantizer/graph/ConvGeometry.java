package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.ConvAttributes;
import java.util.Arrays;
import java.util.Optional;

/** Translates the attributes of a two-dimensional Conv into those of the sub-bit operators. */
final class ConvGeometry {

  private ConvGeometry() {}

  /**
   * Reads a node's geometry.
   *
   * @param node a two-dimensional Conv.
   * @param kernel rows and columns of its kernels.
   * @param inputSize rows and columns of its input, each not positive where it is not fixed; null
   *     where nothing is known.
   * @return the geometry.
   * @throws Refusal if it cannot be written with fixed padding, or is not valid.
   */
  static ConvAttributes of(NodeProto node, int[] kernel, long[] inputSize) throws Refusal {
    int[] strides = integers(node, "strides", 1, 1);
    int[] dilations = integers(node, "dilations", 1, 1);
    int[] pads = integers(node, "pads", 0, 0, 0, 0);
    String autoPad = autoPad(node);
    if (autoPad.startsWith("SAME")) {
      pads = samePads(autoPad.equals("SAME_UPPER"), kernel, strides, dilations, inputSize);
    } else if (autoPad.equals("VALID")) {
      pads = new int[4];
    }
    try {
      return new ConvAttributes(
          strides[0],
          strides[1],
          pads[0],
          pads[1],
          pads[2],
          pads[3],
          dilations[0],
          dilations[1],
          group(node));
    } catch (IllegalArgumentException e) {
      throw new Refusal("its attributes are not valid: " + e.getMessage());
    }
  }

  /** Whether the padding depends on the size of the input. */
  static boolean dependsOnSize(NodeProto node) {
    return autoPad(node).startsWith("SAME")
        && attribute(node, "strides").stream()
            .flatMap(strides -> strides.getIntsList().stream())
            .anyMatch(stride -> stride != 1);
  }

  /** As ONNX defines it: the output has ceil(size / stride) rows, whatever padding that takes. */
  private static int[] samePads(
      boolean upper, int[] kernel, int[] strides, int[] dilations, long[] size) throws Refusal {
    int[] pads = new int[4];
    for (int axis = 0; axis < 2; axis++) {
      int reach = (kernel[axis] - 1) * dilations[axis] + 1;
      int total = reach - 1;
      if (strides[axis] != 1) {
        if (size == null || size[axis] < 1) {
          throw new Refusal(
              "its padding (auto_pad) depends on the size of its input, which is not fixed; export"
                  + " the model with a fixed input size or with pads");
        }
        long outputs = (size[axis] + strides[axis] - 1) / strides[axis];
        total = (int) Math.max(0, (outputs - 1) * strides[axis] + reach - size[axis]);
      }
      pads[axis] = upper ? total / 2 : (total + 1) / 2;
      pads[axis + 2] = total - pads[axis];
    }
    return pads;
  }

  static int group(NodeProto node) throws Refusal {
    long group = attribute(node, "group").map(AttributeProto::getI).orElse(1L);
    if (group < 1 || group > Integer.MAX_VALUE) {
      throw new Refusal("its attribute group is " + group);
    }
    return (int) group;
  }

  private static String autoPad(NodeProto node) {
    return attribute(node, "auto_pad").map(a -> a.getS().toStringUtf8()).orElse("NOTSET");
  }

  private static int[] integers(NodeProto node, String name, int... otherwise) throws Refusal {
    AttributeProto attribute = attribute(node, name).orElse(null);
    if (attribute == null || attribute.getIntsCount() == 0) {
      return otherwise;
    }
    long[] values = attribute.getIntsList().stream().mapToLong(Long::longValue).toArray();
    if (values.length != otherwise.length
        || Arrays.stream(values).anyMatch(value -> value < 0 || value > Short.MAX_VALUE)) {
      throw new Refusal("its attribute " + name + " is " + Arrays.toString(values));
    }
    return Arrays.stream(values).mapToInt(value -> (int) value).toArray();
  }

  static Optional<AttributeProto> attribute(NodeProto node, String name) {
    return node.getAttributeList().stream()
        .filter(attribute -> attribute.getName().equals(name))
        .findFirst();
  }
}

package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.GraphNames;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Stores the float weights of Conv, ConvTranspose, Gemm and MatMul nodes in 8 bits, with one scale
 * for each output channel. Cast and Mul bring them back to floats when a model is loaded, so that
 * it runs at the speed of the float model, in any operator set.
 */
public final class Int8Weights {

  private static final int LARGEST = 127;

  /** Smaller tensors would not become smaller by it. */
  static final int LEAST_VALUES = 256;

  private static final Set<String> WEIGHTED = Set.of("Conv", "ConvTranspose", "MatMul", "Gemm");

  private Int8Weights() {}

  /**
   * Stores weights in 8 bits.
   *
   * @param model the model, all its data inside.
   * @return the model; the same object if it has no such weights.
   */
  public static ModelProto store(ModelProto model) {
    GraphProto graph = withInitializers(model.getGraph());
    Map<String, Integer> axes = axes(graph);
    Set<String> names = GraphNames.of(graph);
    GraphProto.Builder edited = graph.toBuilder().clearInitializer().clearNode();
    List<NodeProto> decoded = new ArrayList<>();
    for (TensorProto tensor : graph.getInitializerList()) {
      int axis = axes.getOrDefault(tensor.getName(), -1);
      float[] values = axis < 0 ? null : FloatTensors.values(tensor).orElse(null);
      if (values == null || values.length < LEAST_VALUES || axis >= tensor.getDimsCount()) {
        edited.addInitializer(tensor);
      } else {
        store(tensor, values, axis, names, edited, decoded);
      }
    }
    if (decoded.isEmpty()) {
      return model;
    }
    edited.addAllNode(decoded).addAllNode(graph.getNodeList());
    return model.toBuilder().setGraph(edited).build();
  }

  private static void store(
      TensorProto tensor,
      float[] values,
      int axis,
      Set<String> names,
      GraphProto.Builder edited,
      List<NodeProto> decoded) {
    int channels = (int) tensor.getDims(axis);
    int behind = 1;
    for (int i = axis + 1; i < tensor.getDimsCount(); i++) {
      behind *= (int) tensor.getDims(i);
    }
    float[] largest = new float[channels];
    for (int i = 0; i < values.length; i++) {
      int channel = i / behind % channels;
      largest[channel] = Math.max(largest[channel], Math.abs(values[i]));
    }
    float[] scale = new float[channels];
    for (int c = 0; c < channels; c++) {
      scale[c] = largest[c] > 0 ? largest[c] / LARGEST : 1;
    }
    byte[] numbers = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      numbers[i] = (byte) Math.rint(values[i] / scale[i / behind % channels]);
    }
    String name = tensor.getName();
    String integers = free(name + "/int8", names);
    String scales = free(name + "/scale", names);
    String floats = free(name + "/float", names);
    long[] dims = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    long[] broadcast = new long[dims.length];
    for (int i = 0; i < dims.length; i++) {
      broadcast[i] = i == axis ? channels : 1;
    }
    edited.addInitializer(OnnxProtos.tensor(integers, DataType.INT8, numbers, dims));
    edited.addInitializer(OnnxProtos.tensor(scales, scale, broadcast));
    decoded.add(
        NodeProto.newBuilder()
            .setName(floats)
            .setOpType("Cast")
            .addInput(integers)
            .addOutput(floats)
            .addAttribute(OnnxProtos.attribute("to", (long) DataType.FLOAT_VALUE))
            .build());
    decoded.add(
        NodeProto.newBuilder()
            .setName(free(name + "/Mul", names))
            .setOpType("Mul")
            .addInput(floats)
            .addInput(scales)
            .addOutput(name)
            .build());
  }

  static String free(String wanted, Set<String> names) {
    String name = GraphNames.free(wanted, names::contains);
    names.add(name);
    return name;
  }

  /**
   * The graph with initializers in place of the Constant nodes that give weights, as some exporters
   * write all of them.
   */
  static GraphProto withInitializers(GraphProto graph) {
    Set<String> weights = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      if (WEIGHTED.contains(node.getOpType()) && node.getInputCount() > 1) {
        weights.add(node.getInput(1));
      }
    }
    graph.getOutputList().forEach(output -> weights.remove(output.getName()));
    GraphIndex index = new GraphIndex(graph);
    GraphProto.Builder edited = graph.toBuilder().clearNode();
    for (NodeProto node : graph.getNodeList()) {
      TensorProto tensor =
          GraphIndex.isStandard(node, "Constant") && weights.contains(node.getOutput(0))
              ? index.stored(node.getOutput(0)).orElse(null)
              : null;
      if (tensor == null) {
        edited.addNode(node);
      } else {
        edited.addInitializer(tensor.toBuilder().setName(node.getOutput(0)));
      }
    }
    return edited.build();
  }

  /** The axis of the output channels of each weight that no caller can replace. */
  static Map<String, Integer> axes(GraphProto graph) {
    Map<String, Integer> axes = new HashMap<>();
    Map<String, Integer> ranks = new HashMap<>();
    graph
        .getInitializerList()
        .forEach(tensor -> ranks.put(tensor.getName(), tensor.getDimsCount()));
    graph.getInputList().forEach(input -> ranks.remove(input.getName()));
    graph.getOutputList().forEach(output -> ranks.remove(output.getName()));
    for (NodeProto node : graph.getNodeList()) {
      if (!GraphIndex.isStandard(node) || node.getInputCount() < 2) {
        continue;
      }
      String weight = node.getInput(1);
      if (!ranks.containsKey(weight)) {
        continue;
      }
      switch (node.getOpType()) {
        case "Conv" -> axes.put(weight, 0);
        case "ConvTranspose" -> axes.put(weight, 1);
        case "MatMul" -> axes.put(weight, Math.max(0, ranks.get(weight) - 1));
        case "Gemm" -> {
          boolean transposed =
              ConvGeometry.attribute(node, "transB").map(AttributeProto::getI).orElse(0L) != 0;
          axes.put(weight, transposed ? 0 : 1);
        }
        default -> {
          // Holds no weights.
        }
      }
    }
    return axes;
  }
}

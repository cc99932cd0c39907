package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.GraphNames;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Rewrites the nodes of operator sets 7 to 11 that are written in another way in set 12: attributes
 * that became inputs (Clip, Pad, Slice, TopK, Upsample), and what was renamed or dropped. All other
 * operators mean in set 12 what they meant before.
 */
final class OperatorUpgrade {

  /** Operators whose meaning changed in a way that is not rewritten, with the last such set. */
  private static final Map<String, Integer> CHANGED = Map.of("Scan", 8);

  private final String file;
  private final GraphProto graph;
  private final long opset;
  private final Set<String> names;
  private final GraphProto.Builder constants = GraphProto.newBuilder();
  private final Map<List<?>, String> known = new HashMap<>();

  private OperatorUpgrade(String file, GraphProto graph, long opset) {
    this.file = file;
    this.graph = graph;
    this.opset = opset;
    this.names = GraphNames.of(graph);
  }

  /**
   * Rewrites a graph.
   *
   * @param file the model's name in messages.
   * @param graph the graph.
   * @param opset the operator set it is written in, 7 to 11.
   * @return the graph in operator set 12.
   * @throws IOException if a node cannot be rewritten; the message names it.
   */
  static GraphProto to12(String file, GraphProto graph, long opset) throws IOException {
    OperatorUpgrade upgrade = new OperatorUpgrade(file, graph, opset);
    GraphProto.Builder result = upgrade.graph(graph).toBuilder();
    return result.addAllInitializer(upgrade.constants.getInitializerList()).build();
  }

  private GraphProto graph(GraphProto graph) throws IOException {
    GraphProto.Builder result = graph.toBuilder().clearNode();
    for (NodeProto node : graph.getNodeList()) {
      result.addNode(node(node));
    }
    return result.build();
  }

  private NodeProto node(NodeProto node) throws IOException {
    NodeProto.Builder result = node.toBuilder();
    for (AttributeProto.Builder attribute : result.getAttributeBuilderList()) {
      if (attribute.hasG()) {
        attribute.setG(graph(attribute.getG()));
      }
    }
    if (!GraphIndex.isStandard(node)) {
      return result.build();
    }
    if (opset <= CHANGED.getOrDefault(node.getOpType(), 0)) {
      throw refusal(node, "operator " + node.getOpType() + " changed its meaning since");
    }
    switch (node.getOpType()) {
      case "Dropout" -> drop(result, "ratio");
      case "BatchNormalization" -> norm(result);
      case "Clip" -> clip(result);
      case "Pad" -> pad(result);
      case "Slice" -> slice(result);
      case "TopK" -> topK(result);
      case "Upsample" -> upsample(result);
      case "Resize" -> resize(result);
      default -> {
        // The same in set 12.
      }
    }
    return result.build();
  }

  private void norm(NodeProto.Builder node) throws IOException {
    if (opset < 9 && take(node, "spatial").map(AttributeProto::getI).orElse(1L) != 1) {
      throw refusal(node, "spatial=0 has no counterpart");
    }
  }

  private void clip(NodeProto.Builder node) {
    if (opset < 11) {
      Optional<Float> least = take(node, "min").map(AttributeProto::getF);
      Optional<Float> most = take(node, "max").map(AttributeProto::getF);
      if (least.isPresent() || most.isPresent()) {
        node.addInput(least.map(this::scalar).orElse(""));
      }
      most.map(this::scalar).ifPresent(node::addInput);
    }
  }

  private void pad(NodeProto.Builder node) {
    if (opset < 11) {
      float value = take(node, "value").map(AttributeProto::getF).orElse(0f);
      node.addInput(longs(take(node, "pads").map(AttributeProto::getIntsList).orElse(List.of())));
      if (value != 0) {
        node.addInput(scalar(value));
      }
    }
  }

  private void slice(NodeProto.Builder node) {
    if (opset < 10) {
      for (String name : List.of("starts", "ends", "axes")) {
        take(node, name)
            .map(AttributeProto::getIntsList)
            .map(this::longs)
            .ifPresent(node::addInput);
      }
    }
  }

  private void topK(NodeProto.Builder node) {
    if (opset < 10) {
      node.addInput(longs(List.of(take(node, "k").map(AttributeProto::getI).orElse(1L))));
    }
  }

  /** Upsample had the meaning that Resize has with these attributes. */
  private void upsample(NodeProto.Builder node) {
    String scales =
        opset < 9
            ? floats(take(node, "scales").map(AttributeProto::getFloatsList).orElse(List.of()))
            : node.getInput(1);
    String x = node.getInput(0);
    node.setOpType("Resize").clearInput().addInput(x).addInput(scales);
    resize(node);
  }

  private void resize(NodeProto.Builder node) {
    if (opset < 11) {
      String x = node.getInput(0);
      String scales = node.getInput(1);
      node.clearInput().addInput(x).addInput(none()).addInput(scales);
      boolean linear =
          ConvGeometry.attribute(node.build(), "mode")
              .filter(mode -> mode.getS().toStringUtf8().equals("linear"))
              .isPresent();
      node.addAttribute(OnnxProtos.attribute("coordinate_transformation_mode", "asymmetric"));
      if (!linear) {
        // Before set 11, ONNX Runtime takes the next pixel where it makes an image smaller.
        String nearest = shrinks(scales) ? "ceil" : "floor";
        node.addAttribute(OnnxProtos.attribute("nearest_mode", nearest));
      }
    }
  }

  private boolean shrinks(String scales) {
    return Stream.concat(
            graph.getInitializerList().stream(), constants.getInitializerList().stream())
        .filter(tensor -> tensor.getName().equals(scales))
        .map(FloatTensors::values)
        .flatMap(Optional::stream)
        .anyMatch(
            values -> {
              boolean less = false;
              for (float value : values) {
                less |= value < 1;
              }
              return less;
            });
  }

  private static void drop(NodeProto.Builder node, String attribute) {
    take(node, attribute);
  }

  private static Optional<AttributeProto> take(NodeProto.Builder node, String name) {
    for (int i = 0; i < node.getAttributeCount(); i++) {
      if (node.getAttribute(i).getName().equals(name)) {
        AttributeProto attribute = node.getAttribute(i);
        node.removeAttribute(i);
        return Optional.of(attribute);
      }
    }
    return Optional.empty();
  }

  private String scalar(float value) {
    return constant(List.of("scalar", value), name -> OnnxProtos.tensor(name, new float[] {value}));
  }

  private String none() {
    return constant(List.of("none"), name -> OnnxProtos.tensor(name, new float[0], 0));
  }

  private String longs(List<Long> values) {
    long[] numbers = values.stream().mapToLong(Long::longValue).toArray();
    return constant(
        List.of("longs", values), name -> OnnxProtos.tensor(name, numbers, numbers.length));
  }

  private String floats(List<Float> values) {
    float[] numbers = new float[values.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = values.get(i);
    }
    return constant(
        List.of("floats", values), name -> OnnxProtos.tensor(name, numbers, numbers.length));
  }

  /** The name of a constant, which all that need it share. */
  private String constant(List<?> key, Function<String, TensorProto> maker) {
    return known.computeIfAbsent(
        List.copyOf(key),
        k -> {
          String name = GraphNames.free("operand_" + known.size(), names::contains);
          names.add(name);
          constants.addInitializer(maker.apply(name));
          return name;
        });
  }

  private IOException refusal(NodeProto.Builder node, String reason) {
    return refusal(node.build(), reason);
  }

  private IOException refusal(NodeProto node, String reason) {
    return new IOException(
        String.format(
            "%s: node '%s' (%s) of ONNX operator set %d cannot be written in set 12: %s. Export the"
                + " model anew, in set 12 or newer.",
            file, ConvScan.nameOf(node), node.getOpType(), opset, reason));
  }
}

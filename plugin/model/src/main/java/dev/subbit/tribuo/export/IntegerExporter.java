package dev.subbit.tribuo.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.IntegerLayer;
import dev.subbit.onnx.IntegerNetworkFunction;
import dev.subbit.onnx.IntegerNetworkFunction.Step;
import dev.subbit.onnx.IntegerNodes;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Exports networks that compute in integers, as {@link OnnxExporter} describes. */
final class IntegerExporter {

  /** Name of the one node; no node of a network can be called so. */
  private static final String NETWORK = "logits/network";

  private final OnnxGraph graph = new OnnxGraph();
  private final TrainedNetwork trained;
  private final IntegerForm form;
  private final Map<String, NodeShape> shapes;
  private final int[] positions;
  private final List<IntegerPart> parts;

  private IntegerExporter(TrainedNetwork trained, int[] positions) {
    this.trained = trained;
    this.form = trained.integers().orElseThrow();
    this.shapes = NetworkShapes.of(trained.network());
    this.positions = positions;
    this.parts = IntegerParts.of(trained.network());
    graph.addInput(positions.length);
  }

  /** As {@link OnnxExporter#export}, of a network with an integer form. */
  static ModelProto export(TrainedNetwork trained, int[] positions) {
    IntegerExporter exporter = new IntegerExporter(trained, positions);
    return exporter.withProbabilities(exporter.writeNetwork());
  }

  /** As {@link OnnxExporter#exportByLayer}, of a network with an integer form. */
  static ModelProto exportByLayer(TrainedNetwork trained, int[] positions) {
    IntegerExporter exporter = new IntegerExporter(trained, positions);
    String logits = trained.network().output().name();
    return exporter.withProbabilities(exporter.writeLayers(Set.of(logits)).get(logits));
  }

  /** As {@link OnnxExporter#exportValues}, of a network with an integer form. */
  static ModelProto exportValues(TrainedNetwork trained, int[] positions, List<String> nodes) {
    IntegerExporter exporter = new IntegerExporter(trained, positions);
    nodes.forEach(exporter::requireValues);
    String logits = trained.network().output().name();
    Map<String, String> tensors =
        Set.copyOf(nodes).equals(Set.of(logits))
            ? Map.of(logits, exporter.writeNetwork())
            : exporter.writeLayers(Set.copyOf(nodes));
    for (String node : nodes) {
      String floats = exporter.writeFloats(node, tensors.get(node));
      exporter.graph.writeValue(node, floats, exporter.shapes.get(node));
    }
    return exporter.model();
  }

  private ModelProto withProbabilities(String logits) {
    graph.writeProbabilities(logits, trained.network().classes());
    return model();
  }

  private ModelProto model() {
    return SubBitModels.ofGraph(graph.proto().setName(trained.network().name()).build());
  }

  /** Writes the network as one node; returns the tensor of its logits. */
  private String writeNetwork() {
    Map<String, Integer> numbers = new HashMap<>();
    List<Step> steps = new ArrayList<>();
    for (IntegerPart part : parts) {
      String name = part.named().name();
      IntegerLayer layer = derive(part);
      int reads = numbers.getOrDefault(part.reads(), IntegerNetworkFunction.NETWORK_INPUT);
      steps.add(
          part.residual()
              .map(residual -> new Step(name, layer, reads, numbers.get(residual)))
              .orElseGet(() -> new Step(name, layer, reads)));
      numbers.put(part.value(), steps.size());
    }
    return IntegerNetworkFunction.add(graph.proto(), NETWORK, writeImage(), steps);
  }

  private void requireValues(String node) {
    if (parts.stream().noneMatch(part -> part.value().equals(node))) {
      throw new IllegalArgumentException(
          "Node '"
              + node
              + "' has no values of its own in a network that computes in integers; those that have"
              + " are "
              + parts.stream().map(IntegerPart::value).toList());
    }
  }

  /**
   * Writes one node per layer until some nodes of the network have values; returns the tensors of
   * all nodes that have them, integers with channels last.
   */
  private Map<String, String> writeLayers(Set<String> wanted) {
    Map<String, String> tensors = new HashMap<>();
    for (IntegerPart part : parts) {
      if (tensors.keySet().containsAll(wanted)) {
        break;
      }
      String name = ActivationValues.onnxName(part.named());
      String x = part instanceof IntegerPart.Stem ? writeImage() : tensors.get(part.reads());
      IntegerLayer layer = derive(part);
      String y =
          layer instanceof IntegerLayer.Block block
              ? IntegerNodes.add(
                  graph.proto(), name, x, tensors.get(part.residual().orElseThrow()), block)
              : IntegerNodes.add(graph.proto(), name, x, layer);
      tensors.put(part.value(), y);
      declare(part, y);
    }
    return tensors;
  }

  private void declare(IntegerPart part, String tensor) {
    NodeShape shape = shapes.get(part.value());
    graph
        .proto()
        .addValueInfo(
            part instanceof IntegerPart.Classifier
                ? OnnxGraph.value(tensor, DataType.FLOAT, shape)
                : OnnxGraph.channelsLast(tensor, DataType.INT16, shape));
  }

  /** Activations as floats, channels first; logits are floats already. */
  private String writeFloats(String node, String tensor) {
    if (node.equals(trained.network().output().name())) {
      return tensor;
    }
    String channelsFirst =
        graph.node(
            tensor + "/channels_first",
            "Transpose",
            List.of(tensor),
            OnnxProtos.attribute("perm", 0, 3, 1, 2));
    String floats =
        graph.node(
            tensor + "/floats",
            "Cast",
            List.of(channelsFirst),
            OnnxProtos.attribute("to", DataType.FLOAT.getNumber()));
    String unit =
        graph.floats(
            tensor + "/unit", new float[] {Math.scalb(1f, -form.fractionBits())}, new long[0]);
    return graph.node(tensor + "/scaled", "Mul", List.of(floats, unit));
  }

  private String writeImage() {
    String image = trained.network().nodes().get(0).name();
    return ImageInput.write(
        graph,
        OnnxExporter.INPUT,
        positions,
        ActivationValues.onnxName(trained.network().node(image)),
        shapes.get(image));
  }

  private IntegerLayer derive(IntegerPart part) {
    return part.derive(trained, shapes, form);
  }
}

package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Some nodes of a network's model as a model of their own, to measure what they take. */
final class ModelPart {

  private ModelPart() {}

  /**
   * Cuts nodes out of a model.
   *
   * @param model a network with pixels as its one input.
   * @param part which nodes.
   * @return a model of these nodes alone, for one image: its inputs are the values that they read
   *     from other nodes, its outputs those that other nodes read from them.
   * @throws OrtException if ONNX Runtime cannot run the whole model, which gives the shapes.
   */
  static ModelProto of(ModelProto model, Predicate<NodeProto> part) throws OrtException {
    GraphProto graph = model.getGraph();
    List<NodeProto> nodes = graph.getNodeList().stream().filter(part).toList();
    Set<String> made = outputs(nodes);
    Set<String> read = inputs(nodes);
    Set<String> readElsewhere = inputs(graph.getNodeList().stream().filter(part.negate()).toList());
    graph.getOutputList().forEach(output -> readElsewhere.add(output.getName()));
    Map<String, TensorProto> initializers =
        graph.getInitializerList().stream()
            .collect(Collectors.toMap(TensorProto::getName, tensor -> tensor));

    Map<String, ValueInfoProto> values = values(model);
    GraphProto.Builder cut = GraphProto.newBuilder().setName(graph.getName()).addAllNode(nodes);
    for (String tensor : read) {
      if (initializers.containsKey(tensor)) {
        cut.addInitializer(initializers.get(tensor));
      } else if (!made.contains(tensor)) {
        cut.addInput(values.get(tensor));
      }
    }
    made.stream().filter(readElsewhere::contains).map(values::get).forEach(cut::addOutput);
    return SubBitModels.ofGraph(cut.build());
  }

  private static Set<String> inputs(List<NodeProto> nodes) {
    Set<String> inputs = new LinkedHashSet<>();
    nodes.forEach(node -> inputs.addAll(node.getInputList()));
    inputs.remove("");
    return inputs;
  }

  private static Set<String> outputs(List<NodeProto> nodes) {
    Set<String> outputs = new LinkedHashSet<>();
    nodes.forEach(node -> outputs.addAll(node.getOutputList()));
    outputs.remove("");
    return outputs;
  }

  /** Type and shape of the input and of everything that nodes give. */
  private static Map<String, ValueInfoProto> values(ModelProto model) throws OrtException {
    Set<String> tensors = new HashSet<>(outputs(model.getGraph().getNodeList()));
    Map<String, ValueInfoProto> values = new LinkedHashMap<>();
    ModelValues.of(model, tensors, ModelPart::type)
        .forEach((name, type) -> values.put(name, type.toBuilder().setName(name).build()));
    ValueInfoProto.Builder input = model.getGraph().getInput(0).toBuilder();
    input.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder().getDimBuilder(0).setDimValue(1);
    values.put(input.getName(), input.build());
    return values;
  }

  private static ValueInfoProto type(OnnxTensor tensor) {
    TensorInfo info = tensor.getInfo();
    return OnnxProtos.value("", DataType.valueOf(info.type.name()), info.getShape());
  }
}

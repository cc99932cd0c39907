package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Computes the values of a graph that are the same whatever its inputs: weights that reach their
 * convolution through Cast, Transpose, DequantizeLinear or any other nodes, or that are stored
 * sparse. ONNX Runtime computes them, so that they are what it would use.
 */
final class ConstantValues {

  /** Operators that give other values each time. */
  private static final Set<String> RANDOM =
      Set.of(
          "Bernoulli",
          "Dropout",
          "Multinomial",
          "RandomNormal",
          "RandomNormalLike",
          "RandomUniform",
          "RandomUniformLike");

  private ConstantValues() {}

  /**
   * Computes constant values.
   *
   * @param model the model, all its data inside.
   * @param names names of values of its graph.
   * @return those of them that nodes compute from constants alone or that are stored sparse;
   *     initializers and what cannot be computed are left out.
   */
  static Map<String, TensorProto> of(ModelProto model, Collection<String> names) {
    Set<String> computed = computed(model.getGraph());
    List<String> wanted = names.stream().filter(computed::contains).distinct().toList();
    Map<String, TensorProto> values = new HashMap<>();
    if (!wanted.isEmpty() && !add(model, wanted, values)) {
      // One that ONNX Runtime refuses must not cost the others.
      wanted.forEach(name -> add(model, List.of(name), values));
    }
    return values;
  }

  private static boolean add(
      ModelProto model, List<String> names, Map<String, TensorProto> values) {
    try (GraphSession session = new GraphSession(PartialModel.ofConstants(model, names))) {
      Map<String, Feed.Tensor> found = session.tensors(new Feed(Map.of()));
      for (String name : names) {
        Feed.Tensor tensor = found.get(PartialModel.outputName(name));
        if (tensor != null) {
          values.put(name, proto(name, tensor));
        }
      }
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static TensorProto proto(String name, Feed.Tensor tensor) {
    TensorProto.Builder proto =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(ElementType.inFiles(tensor.type()).getNumber())
            .setRawData(ByteString.copyFrom(tensor.data().duplicate()));
    Arrays.stream(tensor.shape()).forEach(proto::addDims);
    return proto.build();
  }

  /** The constant values that are no initializers. */
  private static Set<String> computed(GraphProto graph) {
    Set<String> inputs = new HashSet<>();
    for (ValueInfoProto input : graph.getInputList()) {
      inputs.add(input.getName());
    }
    Set<String> constant = new HashSet<>();
    for (TensorProto tensor : graph.getInitializerList()) {
      if (!inputs.contains(tensor.getName())) {
        constant.add(tensor.getName());
      }
    }
    Set<String> computed = new HashSet<>();
    for (SparseTensorProto tensor : graph.getSparseInitializerList()) {
      if (!inputs.contains(tensor.getValues().getName())) {
        computed.add(tensor.getValues().getName());
      }
    }
    constant.addAll(computed);
    for (NodeProto node : graph.getNodeList()) {
      Set<String> reads = new HashSet<>();
      GraphIndex.addReads(node, reads);
      if (constant.containsAll(reads) && !RANDOM.contains(node.getOpType())) {
        constant.addAll(node.getOutputList());
        computed.addAll(node.getOutputList());
      }
    }
    return computed;
  }
}

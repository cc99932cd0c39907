package dev.subbit.tribuo.training.internal.graph.tensorflow;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.training.internal.graph.FixedValues;
import dev.subbit.tribuo.training.internal.graph.GraphTask;
import dev.subbit.tribuo.training.internal.graph.RestTensors;
import dev.subbit.tribuo.training.internal.graph.SubBitStart;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** The forward pass of an ONNX graph in TensorFlow, with what of it is trained. */
final class GraphImport {

  private final Ops tf;
  private final GraphTask task;
  private final GraphProto graph;
  private final GraphScope scope;
  private final FixedValues fixed;
  private final Map<String, Placeholder<TFloat32>> inputs = new LinkedHashMap<>();
  private final Map<CodedWeights, StagedKernels> kernels = new LinkedHashMap<>();
  private final List<SubBitConv> convs = new ArrayList<>();
  private final Map<String, TrainedTensor> rest = new LinkedHashMap<>();

  /**
   * Adds a graph.
   *
   * @throws IllegalArgumentException if a node cannot be trained through; the message names it.
   */
  GraphImport(Ops tf, GraphTask task) {
    this.tf = tf;
    this.task = task;
    this.graph = task.model().getGraph();
    this.fixed = FixedValues.of(task.model(), task.example());
    this.scope = new GraphScope(tf, fixed);
    Map<Integer, SubBitStart> layers = new HashMap<>();
    Set<Integer> folded = new HashSet<>();
    for (SubBitStart start : task.layers()) {
      layers.put(start.layer().node(), start);
      folded.addAll(start.layer().folded());
    }
    Set<Integer> needed = needed();
    // Known first, so that nothing is built that is refused in the end.
    long opset = SubBitModels.standardOpset(task.model());
    Set<NodeProto> through = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (needed.contains(i) && !layers.containsKey(i) && !folded.contains(i)) {
        Operators.of(new OnnxNode(graph.getNode(i), opset));
        through.add(graph.getNode(i));
      }
    }
    addInputs();
    if (task.trainsRest()) {
      addRest(through);
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (layers.containsKey(i) && needed.contains(i)) {
        add(layers.get(i));
      } else if (through.contains(graph.getNode(i))) {
        OnnxNode node = new OnnxNode(graph.getNode(i), opset);
        add(node);
      }
    }
  }

  private void add(OnnxNode node) {
    try {
      Operators.of(node).add(node, scope);
    } catch (IllegalStateException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException(
          node.refusal("cannot be trained through").getMessage() + ": " + e.getMessage(), e);
    }
    node.requireAllRead();
  }

  /** The nodes that the learned values need, fixed ones left out. */
  private Set<Integer> needed() {
    Map<String, Integer> producers = new HashMap<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      for (String output : graph.getNode(i).getOutputList()) {
        producers.put(output, i);
      }
    }
    Map<String, ConvLayer> layers = new HashMap<>();
    task.layers().forEach(start -> layers.put(start.layer().output(), start.layer()));
    Set<Integer> needed = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(task.learned());
    while (!open.isEmpty()) {
      String value = open.remove();
      Integer producer = producers.get(value);
      if (producer == null || fixed.has(value)) {
        continue;
      }
      ConvLayer layer = layers.get(value);
      if (layer != null) {
        if (needed.add(layer.node())) {
          open.add(layer.input());
        }
      } else if (needed.add(producer)) {
        open.addAll(graph.getNode(producer).getInputList());
      }
    }
    return needed;
  }

  private void addInputs() {
    for (Map.Entry<String, Feed.Tensor> input : task.example().tensors().entrySet()) {
      boolean isInput =
          graph.getInputList().stream().anyMatch(one -> one.getName().equals(input.getKey()));
      if (isInput) {
        Placeholder<TFloat32> placeholder =
            tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(input.getValue().shape())));
        inputs.put(input.getKey(), placeholder);
        scope.put(input.getKey(), GraphValue.plain(tf, placeholder));
      }
    }
  }

  private void addRest(Set<NodeProto> through) {
    for (String name : RestTensors.of(graph, through)) {
      FloatArray start = fixed.get(name);
      TrainedTensor tensor =
          new TrainedTensor(
              scope,
              "rest/" + rest.size(),
              start.shape(),
              start.values(),
              TrainedTensor.usualSize(start.values()));
      rest.put(name, tensor);
      scope.put(name, GraphValue.plain(tf, tensor.value()));
    }
  }

  private void add(SubBitStart start) {
    StagedKernels shared =
        kernels.computeIfAbsent(
            start.weights().weights(),
            weights -> new StagedKernels(scope, "layer" + kernels.size(), start));
    SubBitConv conv =
        new SubBitConv(
            scope, "conv" + convs.size(), start, shared, scope.value(start.layer().input()));
    convs.add(conv);
    scope.put(start.layer().output(), GraphValue.channelsLast(tf, conv.output()));
  }

  GraphScope scope() {
    return scope;
  }

  /** The graph's inputs by name. */
  Map<String, Placeholder<TFloat32>> inputs() {
    return inputs;
  }

  /** The weights of the sub-bit layers, those that are shared once. */
  List<StagedKernels> kernels() {
    return List.copyOf(kernels.values());
  }

  /** The sub-bit layers. */
  List<SubBitConv> convs() {
    return convs;
  }

  /** The trained initializers by name. */
  Map<String, TrainedTensor> rest() {
    return rest;
  }

  /** A value of the graph in ONNX's layout. */
  Operand<TFloat32> value(String name) {
    return scope.plain(name);
  }
}

package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.WeightsFunction;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An index of the nodes that write and read each value of a graph. That of a body knows the graphs
 * around it, whose values its nodes can read.
 */
final class GraphIndex {

  /** More hops from an initializer to a weight are a loop. */
  private static final int MAX_HOPS = 1000;

  private final GraphProto graph;
  private final GraphPlace place;
  private final GraphIndex around;
  private final Map<String, TensorProto> initializers = new HashMap<>();
  private final Map<String, Integer> producers = new HashMap<>();
  private final Map<String, Integer> readers = new HashMap<>();
  private final Map<String, Integer> onlyReader = new HashMap<>();
  private final Set<String> inputs = new HashSet<>();
  private final Map<String, TensorProto> computed;

  GraphIndex(GraphProto graph) {
    this(graph, Map.of());
  }

  /**
   * Makes an index.
   *
   * @param graph the graph.
   * @param computed constants that its nodes compute, by name, as {@link ConstantValues} finds
   *     them.
   */
  GraphIndex(GraphProto graph, Map<String, TensorProto> computed) {
    this(graph, GraphPlace.MAIN, null, computed);
  }

  /**
   * Makes an index of a body.
   *
   * @param graph the graph.
   * @param place where it is.
   * @param around the graph that its node is in; null for the main graph.
   * @param computed constants that its nodes and those around compute, by name.
   */
  GraphIndex(
      GraphProto graph, GraphPlace place, GraphIndex around, Map<String, TensorProto> computed) {
    this.graph = graph;
    this.place = place;
    this.around = around;
    this.computed = computed;
    graph.getInitializerList().forEach(tensor -> initializers.put(tensor.getName(), tensor));
    graph.getInputList().forEach(input -> inputs.add(input.getName()));
    for (int i = 0; i < graph.getNodeCount(); i++) {
      for (String output : graph.getNode(i).getOutputList()) {
        producers.put(output, i);
      }
      Set<String> read = new HashSet<>();
      addReads(graph.getNode(i), read);
      for (String value : read) {
        readers.merge(value, 1, Integer::sum);
        onlyReader.put(value, i);
      }
    }
    for (ValueInfoProto output : graph.getOutputList()) {
      readers.merge(output.getName(), 1, Integer::sum);
      onlyReader.remove(output.getName());
    }
  }

  /** The values that a node reads, those that its subgraphs take from outside included. */
  static void addReads(NodeProto node, Set<String> values) {
    for (String input : node.getInputList()) {
      if (!input.isEmpty()) {
        values.add(input);
      }
    }
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        addReads(attribute.getG(), values);
      }
      attribute.getGraphsList().forEach(subgraph -> addReads(subgraph, values));
    }
  }

  /** Names that a subgraph gives itself are its own, whatever they mean outside. */
  private static void addReads(GraphProto subgraph, Set<String> values) {
    Set<String> reads = new HashSet<>();
    subgraph.getNodeList().forEach(node -> addReads(node, reads));
    subgraph.getOutputList().forEach(output -> reads.add(output.getName()));
    subgraph.getNodeList().forEach(node -> reads.removeAll(Set.copyOf(node.getOutputList())));
    subgraph.getInputList().forEach(input -> reads.remove(input.getName()));
    subgraph.getInitializerList().forEach(tensor -> reads.remove(tensor.getName()));
    subgraph
        .getSparseInitializerList()
        .forEach(tensor -> reads.remove(tensor.getValues().getName()));
    values.addAll(reads);
  }

  /** The node that alone reads a value that is not an output of the graph. */
  Optional<Integer> onlyReader(String value) {
    return readers.getOrDefault(value, 0) == 1
        ? Optional.ofNullable(onlyReader.get(value))
        : Optional.empty();
  }

  Optional<NodeProto> producer(String value) {
    GraphIndex home = home(value);
    return Optional.ofNullable(home.producers.get(value)).map(home.graph::getNode);
  }

  /** Whether a value is an input of the model. */
  boolean isInput(String value) {
    GraphIndex home = home(value);
    return home.place.isMain() && home.inputs.contains(value);
  }

  /** Whether a value is an input of a body, which each iteration of a loop gives a value. */
  boolean isCarried(String value) {
    GraphIndex home = home(value);
    return !home.place.isMain() && home.inputs.contains(value);
  }

  /** Whether a user of the model can put another tensor in place of an initializer. */
  boolean isOverridable(String value) {
    return isInput(value) && home(value).initializers.containsKey(value);
  }

  /**
   * The graph that gives a value its name: this one or, for what a body takes from outside,
   * another.
   */
  private GraphIndex home(String value) {
    GraphIndex at = this;
    while (at.around != null
        && !at.inputs.contains(value)
        && !at.initializers.containsKey(value)
        && !at.producers.containsKey(value)) {
      at = at.around;
    }
    return at;
  }

  /**
   * The tensor that a value always is: an initializer or a Constant, reached through any number of
   * Identity nodes, or what other nodes make of such.
   */
  Optional<TensorProto> constant(String value) {
    Optional<TensorProto> stored = stored(value);
    return stored.isPresent() ? stored : Optional.ofNullable(computed.get(value));
  }

  /**
   * Reads the weights of a node {@code SubBitWeights} of the main graph.
   *
   * @throws IllegalArgumentException if they are damaged; the message names the node.
   */
  CodedWeights weights(NodeProto node) {
    return WeightsFunction.read(node, initializers);
  }

  /** The tensor that a value always is, if the graph holds it as it is. */
  Optional<TensorProto> stored(String value) {
    Origin origin = origin(value).orElse(null);
    if (origin == null || origin.index.initializers.containsKey(origin.name)) {
      return Optional.ofNullable(origin).map(found -> found.index.initializers.get(found.name));
    }
    return origin
        .index
        .producer(origin.name)
        .filter(node -> node.getOpType().equals("Constant"))
        .flatMap(GraphIndex::constantOf);
  }

  private static Optional<TensorProto> constantOf(NodeProto node) {
    return node.getAttributeList().stream()
        .filter(attribute -> attribute.getName().equals("value") && attribute.hasT())
        .map(AttributeProto::getT)
        .findFirst();
  }

  /**
   * A name, unique in the model, of the initializer or the output of a standard node but Identity
   * that a value comes from; of the value itself where there is none.
   */
  String source(String value) {
    return origin(value)
        .map(origin -> origin.index.place.prefix() + origin.name)
        .orElseGet(() -> home(value).place.prefix() + value);
  }

  /** A value in the graph that gives it its name. */
  private record Origin(GraphIndex index, String name) {}

  private Optional<Origin> origin(String value) {
    String name = value;
    GraphIndex at = this;
    for (int hop = 0; hop < MAX_HOPS; hop++) {
      at = at.home(name);
      if (at.isOverridable(name)) {
        return Optional.empty();
      }
      if (at.initializers.containsKey(name)) {
        return Optional.of(new Origin(at, name));
      }
      NodeProto node = at.producer(name).orElse(null);
      if (node == null || !isStandard(node)) {
        return Optional.empty();
      }
      if (!node.getOpType().equals("Identity") || node.getInputCount() != 1) {
        return Optional.of(new Origin(at, name));
      }
      name = node.getInput(0);
    }
    return Optional.empty();
  }

  /** Whether a node is of a standard operator. */
  static boolean isStandard(NodeProto node) {
    return node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx");
  }

  /** Whether a node is of this standard operator. */
  static boolean isStandard(NodeProto node, String opType) {
    return node.getOpType().equals(opType) && isStandard(node);
  }
}

package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A whole integer network as one node, {@code IntegerNetwork}, and the function that specifies it.
 *
 * <p>Unlike those of the other operators, this function depends on the model: it has one node per
 * layer of the network. The attributes of the network's node say everything about it, so that it is
 * made of these alone, when a model is written and again when one from an untrusted source is
 * loaded. A function has no overloads in the file version that models are written in; hence all
 * {@code IntegerNetwork} nodes of a model have the same structure.
 */
public final class IntegerNetworkFunction {

  /** ONNX type of the nodes. */
  static final String OP_TYPE = OperatorTable.INTEGER_NETWORK.opType;

  /** What {@code reads} and {@code residuals} hold for the network's own input. */
  public static final int NETWORK_INPUT = 0;

  /** What {@code residuals} holds for a layer without a residual. */
  private static final int NO_RESIDUAL = -1;

  /** The operators by their numbers in {@code kinds}. */
  private static final List<SubBitOperator> KINDS =
      List.of(
          SubBitOperator.INTEGER_STEM,
          SubBitOperator.INTEGER_SUB_BIT_CONV,
          SubBitOperator.INTEGER_SUB_BIT_BLOCK,
          SubBitOperator.INTEGER_SHORTCUT,
          SubBitOperator.INTEGER_CLASSIFIER);

  /** The most layers that a network may have. */
  static final int MOST_LAYERS = most(OperatorTable.READS) + 1;

  /** One layer as the attributes of a node describe it. */
  private record Link(SubBitOperator operator, int reads, int residual, IntegerSettings settings) {

    /** The layer's parameters: its inputs without X and residual. */
    List<String> parameters() {
      return operator.inputs().stream()
          .filter(input -> !input.equals("X") && !input.equals("residual"))
          .toList();
    }
  }

  private final String where;
  private final List<Link> links;

  private IntegerNetworkFunction(String where, List<Link> links) {
    this.where = where;
    this.links = links;
    requireConnected();
  }

  /**
   * A layer in its network. Layers are counted from 1, in the order in which they run.
   *
   * @param name name of the layer, unique in the network; its parameters are named after it.
   * @param layer the layer.
   * @param reads number of the layer whose output it reads, or {@link #NETWORK_INPUT} for a stem.
   * @param residual number of the layer whose output a block adds; of no meaning for other layers.
   */
  public record Step(String name, IntegerLayer layer, int reads, int residual) {

    /**
     * Creates a layer that has no residual.
     *
     * @param name name of the layer, unique in the network; its parameters are named after it.
     * @param layer the layer.
     * @param reads number of the layer whose output it reads, or {@link #NETWORK_INPUT}.
     */
    public Step(String name, IntegerLayer layer, int reads) {
      this(name, layer, reads, NO_RESIDUAL);
    }
  }

  /**
   * Adds a network to a graph: the node, and the parameters of its layers as initializers named
   * {@code <node>/<layer>/<input>}.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of what it reads: pixels from 0 to 255, float or uint8 [N, C, H, W].
   * @param steps the layers: a stem first, a classifier last.
   * @return name of the output, the logits, float [N, classes].
   * @throws IllegalArgumentException if an operator refuses its layer or the layers do not form a
   *     network; the message names the node and the layer.
   */
  public static String add(GraphProto.Builder graph, String name, String x, List<Step> steps) {
    String where = "Node '" + name + "'";
    List<Link> links = new ArrayList<>();
    List<IntegerParts> all = new ArrayList<>();
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setName(name)
            .setDomain(SubBitOperator.DOMAIN)
            .setOpType(OP_TYPE)
            .addInput(x)
            .addOutput(name);
    for (Step step : steps) {
      IntegerParts parts = IntegerParts.of(where + ", layer '" + step.name() + "'", step.layer());
      int residual = step.layer() instanceof IntegerLayer.Block ? step.residual() : NO_RESIDUAL;
      links.add(new Link(parts.operator(), step.reads(), residual, parts.settings()));
      all.add(parts);
    }
    IntegerNetworkFunction network = new IntegerNetworkFunction(where, links);
    network.requireSameChannels(all);
    for (int i = 0; i < all.size(); i++) {
      String layer = name + "/" + steps.get(i).name() + "/";
      all.get(i)
          .parameters()
          .forEach(
              (input, tensor) -> {
                graph.addInitializer(tensor.toBuilder().setName(layer + input));
                node.addInput(layer + input);
              });
    }
    graph.addNode(node.addAllAttribute(network.attributes()));
    return name;
  }

  /** Whether an operator is a layer of integer networks. */
  static boolean mayContain(SubBitOperator operator) {
    return KINDS.contains(operator);
  }

  /**
   * Reads a network from the attributes of its node.
   *
   * @throws IllegalArgumentException if they describe no network, or the node has another number of
   *     inputs than it; the message names the node.
   */
  static IntegerNetworkFunction of(NodeProto node) {
    String where = "Node '" + node.getName() + "'";
    List<Long> kinds = numbers(where, node, OperatorTable.KINDS);
    List<Long> reads = numbers(where, node, OperatorTable.READS);
    List<Long> residuals = numbers(where, node, OperatorTable.RESIDUALS);
    List<Long> settings = numbers(where, node, OperatorTable.SETTINGS);
    if (kinds.isEmpty() || kinds.size() > MOST_LAYERS) {
      throw IntegerSettings.refused(
          where, "the number of layers", "" + kinds.size(), "1 to " + MOST_LAYERS);
    }
    IntegerSettings.requireLength(where, OperatorTable.READS, reads.size(), kinds.size());
    IntegerSettings.requireLength(where, OperatorTable.RESIDUALS, residuals.size(), kinds.size());
    List<SubBitOperator> operators =
        kinds.stream().map(kind -> KINDS.get(kind.intValue())).toList();
    IntegerSettings.requireLength(
        where,
        OperatorTable.SETTINGS,
        settings.size(),
        operators.stream().mapToInt(IntegerSettings::count).sum());
    List<Link> links = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < operators.size(); i++) {
      int end = next + IntegerSettings.count(operators.get(i));
      links.add(
          new Link(
              operators.get(i),
              reads.get(i).intValue(),
              residuals.get(i).intValue(),
              IntegerSettings.ofFlat(
                  where + ", layer " + (i + 1), operators.get(i), settings.subList(next, end))));
      next = end;
    }
    IntegerNetworkFunction network = new IntegerNetworkFunction(where, links);
    IntegerSettings.requireCount(
        where, "inputs", node.getInputCount(), 1 + network.parameterCount());
    return network;
  }

  /** The numbers of an attribute, each within the limits of the table of operators. */
  private static List<Long> numbers(String where, NodeProto node, String name) {
    return Arrays.stream(IntegerSettings.numbers(where, node, row(name))).boxed().toList();
  }

  private static OperatorTable.Attribute row(String attribute) {
    return OperatorTable.INTEGER_NETWORK.attributes().stream()
        .filter(row -> row.name().equals(attribute))
        .findAny()
        .orElseThrow();
  }

  private static int most(String attribute) {
    return Math.toIntExact(row(attribute).most());
  }

  /**
   * Requires that the layers form a network: a stem, and it alone, reads the input; the classifier,
   * and it alone, comes last; a layer reads earlier ones; and all but the last are read.
   */
  private void requireConnected() {
    if (links.isEmpty() || links.size() > MOST_LAYERS) {
      throw IntegerSettings.refused(
          where, "the number of layers", "" + links.size(), "1 to " + MOST_LAYERS);
    }
    boolean[] read = new boolean[links.size() + 1];
    for (int i = 1; i <= links.size(); i++) {
      Link link = links.get(i - 1);
      String layer = where + ", layer " + i;
      requireKind(layer, link, SubBitOperator.INTEGER_STEM, i == 1);
      requireKind(layer, link, SubBitOperator.INTEGER_CLASSIFIER, i == links.size());
      int first = i == 1 ? NETWORK_INPUT : 1;
      requireEarlier(layer, OperatorTable.READS, link.reads(), first, i);
      read[link.reads()] = true;
      if (link.operator() == SubBitOperator.INTEGER_SUB_BIT_BLOCK) {
        requireEarlier(layer, OperatorTable.RESIDUALS, link.residual(), first, i);
        read[link.residual()] = true;
      } else if (link.residual() != NO_RESIDUAL) {
        throw IntegerSettings.refused(
            layer,
            OperatorTable.RESIDUALS,
            "" + link.residual(),
            NO_RESIDUAL + " without a residual");
      }
    }
    for (int i = 1; i < links.size(); i++) {
      if (!read[i]) {
        throw new IllegalArgumentException(where + ": no layer reads layer " + i);
      }
    }
  }

  private static void requireKind(
      String layer, Link link, SubBitOperator operator, boolean wanted) {
    if ((link.operator() == operator) != wanted) {
      throw IntegerSettings.refused(
          layer,
          "its operator",
          link.operator().opType(),
          (wanted ? "" : "not ") + operator.opType());
    }
  }

  private static void requireEarlier(String layer, String what, int found, int first, int layers) {
    if (found < first || found >= layers) {
      throw IntegerSettings.refused(
          layer,
          what,
          "" + found,
          first == layers - 1 ? "" + first : first + " to " + (layers - 1));
    }
  }

  private void requireSameChannels(List<IntegerParts> all) {
    for (int i = 0; i < links.size(); i++) {
      IntegerParts parts = all.get(i);
      Link link = links.get(i);
      String layer = where + ", layer " + (i + 1);
      if (link.reads() != NETWORK_INPUT) {
        requireSame(layer, "in", parts.inChannels(), all.get(link.reads() - 1).outChannels());
      }
      if (link.residual() != NO_RESIDUAL) {
        requireSame(layer, "out", parts.outChannels(), all.get(link.residual() - 1).outChannels());
      }
    }
  }

  private static void requireSame(String layer, String which, int own, int given) {
    if (own != given) {
      throw IntegerSettings.refused(
          layer,
          "its number of " + which + "put channels",
          "" + own,
          given + ", which it is given");
    }
  }

  private int parameterCount() {
    return links.stream().mapToInt(link -> link.parameters().size()).sum();
  }

  /** The attributes of the network's node. */
  private List<AttributeProto> attributes() {
    return List.of(
        OnnxProtos.attribute(
            OperatorTable.KINDS,
            links.stream().mapToLong(link -> KINDS.indexOf(link.operator())).toArray()),
        OnnxProtos.attribute(OperatorTable.READS, links.stream().mapToLong(Link::reads).toArray()),
        OnnxProtos.attribute(
            OperatorTable.RESIDUALS, links.stream().mapToLong(Link::residual).toArray()),
        OnnxProtos.attribute(
            OperatorTable.SETTINGS,
            links.stream()
                .flatMapToLong(link -> Arrays.stream(link.settings().toFlat()))
                .toArray()));
  }

  /** Whether another network has the same layers in the same places. */
  boolean hasStructureOf(IntegerNetworkFunction other) {
    return attributes().equals(other.attributes());
  }

  /** The operators that the function calls, directly or indirectly. */
  Set<SubBitOperator> called() {
    Set<SubBitOperator> called = EnumSet.noneOf(SubBitOperator.class);
    for (Link link : links) {
      called.add(link.operator());
      called.addAll(link.operator().called());
    }
    return called;
  }

  /**
   * Returns the ONNX function that specifies the network.
   *
   * @param opset the version of the standard operator set that the model imports.
   */
  FunctionProto function(long opset) {
    List<String> inputs = new ArrayList<>(List.of("X"));
    for (int i = 0; i < parameterCount(); i++) {
      inputs.add("p" + i);
    }
    FunctionBuilder body = new FunctionBuilder(OperatorTable.INTEGER_NETWORK, inputs);
    int next = 1;
    for (int i = 1; i <= links.size(); i++) {
      Link link = links.get(i - 1);
      Map<String, String> byName = new HashMap<>();
      byName.put("X", value(link.reads()));
      if (link.residual() != NO_RESIDUAL) {
        byName.put("residual", value(link.residual()));
      }
      for (String parameter : link.parameters()) {
        byName.put(parameter, inputs.get(next++));
      }
      body.call(
          i == links.size() ? "Y" : value(i),
          link.operator(),
          link.operator().inOrder(byName),
          link.settings().toProtos().toArray(new AttributeProto[0]));
    }
    FunctionProto.Builder function = body.build().toBuilder();
    function.getOpsetImportBuilder(0).setVersion(opset);
    return function.build();
  }

  /** The name of a value in the function. */
  private static String value(int layer) {
    return layer == NETWORK_INPUT ? "X" : "y" + layer;
  }

  /**
   * Finds the network of a model.
   *
   * @return the network, or an empty list if the model has none.
   * @throws IllegalArgumentException if a node describes no network, or if there are two with
   *     different structures; the message names the nodes.
   */
  static List<IntegerNetworkFunction> ofGraph(GraphProto graph) {
    List<NodeProto> nodes =
        SubBitModels.nodes(graph).filter(node -> node.getOpType().equals(OP_TYPE)).toList();
    if (nodes.isEmpty()) {
      return List.of();
    }
    IntegerNetworkFunction network = of(nodes.get(0));
    for (NodeProto node : nodes) {
      if (!network.hasStructureOf(of(node))) {
        throw new IllegalArgumentException(
            "Nodes '"
                + nodes.get(0).getName()
                + "' and '"
                + node.getName()
                + "' are integer networks of different structures. A model can hold only one function "
                + OP_TYPE
                + ", so put them into models of their own");
      }
    }
    return Collections.singletonList(network);
  }
}

package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.graph.GraphNames;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Finds the convolutions of a model that can become sub-bit, and the reason why every other one
 * stays.
 *
 * @param layers the convolutions that can become sub-bit, in the order of the graph.
 * @param left the others.
 */
public record ConvScan(List<ConvLayer> layers, List<LeftNode> left) {

  private static final Set<String> RELATIVES =
      Set.of("ConvInteger", "QLinearConv", "ConvTranspose", "DeformConv", "FusedConv");
  private static final int WEIGHT_RANK = 4;

  /**
   * Searches a model.
   *
   * @param model the model, all its data inside.
   * @param sizes rows and columns of the values of these names, as far as they are fixed; asked
   *     once, with the inputs of those convolutions whose padding depends on them.
   * @param codewords which codewords they may have: signs are for 3x3 kernels only.
   * @return what was found.
   */
  public static ConvScan of(
      ModelProto model, Function<List<String>, Map<String, long[]>> sizes, Codewords codewords) {
    GraphProto graph = model.getGraph();
    Scanner scanner = new Scanner(graph, sizes.apply(inputsOfUnfixedPadding(graph)), codewords);
    Scope main =
        new Scope(model, graph, GraphPlace.MAIN, new GraphIndex(graph, constants(model, graph)));
    scanner.countReaders(main);
    scanner.look(main);
    // The bodies of the sub-bit operators are not reported.
    model.getFunctionsList().stream()
        .filter(function -> !function.getDomain().equals(SubBitOperator.DOMAIN))
        .forEach(
            function ->
                function
                    .getNodeList()
                    .forEach(
                        node ->
                            scanner.leaveInside(node, "function '" + function.getName() + "'")));
    return new ConvScan(List.copyOf(scanner.layers), List.copyOf(scanner.left));
  }

  private static List<String> inputsOfUnfixedPadding(GraphProto graph) {
    return graph.getNodeList().stream()
        .filter(node -> isConv(node) && ConvGeometry.dependsOnSize(node))
        .map(node -> node.getInput(0))
        .distinct()
        .toList();
  }

  private static Map<String, TensorProto> constants(ModelProto model, GraphProto graph) {
    return ConstantValues.of(model, parameters(graph));
  }

  /** What may be weights, biases, or parameters of nodes that can be folded in. */
  private static List<String> parameters(GraphProto graph) {
    List<String> names = new ArrayList<>();
    Set<String> chain = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      if (isConv(node)) {
        names.addAll(node.getInputList().subList(1, node.getInputCount()));
        chain.add(node.getOutput(0));
      } else if (ChannelFold.isCandidate(node)
          && node.getInputList().stream().anyMatch(chain::contains)) {
        names.addAll(node.getInputList());
        chain.addAll(node.getOutputList());
      }
    }
    return names;
  }

  private static boolean isConv(NodeProto node) {
    return GraphIndex.isStandard(node, "Conv")
        && node.getInputCount() >= 2
        && node.getOutputCount() == 1;
  }

  /** The name of a node, or of its output where it has none. */
  static String nameOf(NodeProto node) {
    if (!node.getName().isEmpty()) {
      return node.getName();
    }
    return node.getOutputCount() > 0 ? node.getOutput(0) : node.getOpType();
  }

  /**
   * A graph of the model.
   *
   * @param flat a model with all that the graph can read: itself, and the graphs around it.
   * @param graph the graph.
   * @param place where it is.
   * @param index its index.
   */
  private record Scope(ModelProto flat, GraphProto graph, GraphPlace place, GraphIndex index) {

    /** The bodies of a node that convolutions are looked for in. */
    List<Scope> bodies(int node) {
      List<Scope> bodies = new ArrayList<>();
      for (int i = 0; i < graph.getNode(node).getAttributeCount(); i++) {
        AttributeProto attribute = graph.getNode(node).getAttribute(i);
        if (GraphPlace.isBody(graph.getNode(node), attribute)) {
          GraphProto body = attribute.getG();
          ModelProto.Builder inner = flat.toBuilder();
          inner
              .getGraphBuilder()
              .addAllNode(body.getNodeList())
              .addAllInitializer(body.getInitializerList())
              .addAllSparseInitializer(body.getSparseInitializerList());
          ModelProto all = inner.build();
          GraphPlace deeper = place.inside(node, i);
          bodies.add(
              new Scope(
                  all, body, deeper, new GraphIndex(body, deeper, index, constants(all, body))));
        }
      }
      return bodies;
    }
  }

  /** One pass over a model. */
  private static final class Scanner {
    private final Codewords codewords;
    private final Set<String> taken;
    private final Map<String, long[]> sizes;
    private final List<ConvLayer> layers = new ArrayList<>();
    private final List<LeftNode> left = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    /** Number of convolutions that read each weight. */
    private final Map<String, Integer> readers = new HashMap<>();

    Scanner(GraphProto main, Map<String, long[]> sizes, Codewords codewords) {
      this.codewords = codewords;
      this.taken = GraphNames.of(main);
      this.sizes = sizes;
    }

    void countReaders(Scope scope) {
      for (int i = 0; i < scope.graph.getNodeCount(); i++) {
        NodeProto node = scope.graph.getNode(i);
        if (isConv(node)) {
          readers.merge(scope.index.source(node.getInput(1)), 1, Integer::sum);
        }
        scope.bodies(i).forEach(this::countReaders);
      }
    }

    /** Whether several convolutions read a weight, which then stays one. */
    private boolean isShared(String weight) {
      return readers.get(weight) > 1;
    }

    void look(Scope scope) {
      for (int i = 0; i < scope.graph.getNodeCount(); i++) {
        NodeProto node = scope.graph.getNode(i);
        if (isConv(node)) {
          String name = nameOf(node);
          try {
            layers.add(layer(scope, i, name));
          } catch (Refusal e) {
            left.add(new LeftNode(name, node.getOpType(), e.getMessage()));
          }
        } else if (RELATIVES.contains(node.getOpType())) {
          left.add(
              new LeftNode(
                  nameOf(node), node.getOpType(), "it is no Conv, the only operator converted"));
        }
        scope.bodies(i).forEach(this::look);
        for (AttributeProto attribute : node.getAttributeList()) {
          if (!GraphPlace.isBody(node, attribute)) {
            leaveInside(attribute, "a subgraph of " + node.getOpType() + " '" + nameOf(node) + "'");
          }
        }
      }
    }

    private void leaveInside(AttributeProto attribute, String where) {
      if (attribute.hasG()) {
        attribute.getG().getNodeList().forEach(inner -> leaveInside(inner, where));
      }
      attribute.getGraphsList().stream()
          .flatMap(subgraph -> subgraph.getNodeList().stream())
          .forEach(inner -> leaveInside(inner, where));
    }

    void leaveInside(NodeProto node, String where) {
      if (isConv(node) || RELATIVES.contains(node.getOpType())) {
        left.add(new LeftNode(nameOf(node), node.getOpType(), "it is inside " + where));
      }
      node.getAttributeList().forEach(attribute -> leaveInside(attribute, where));
    }

    private ConvLayer layer(Scope scope, int i, String name) throws Refusal {
      GraphIndex index = scope.index;
      NodeProto node = scope.graph.getNode(i);
      String weight = index.source(node.getInput(1));
      TensorProto tensor = weightTensor(node, index);
      int out = (int) tensor.getDims(0);
      int in = (int) tensor.getDims(1);
      int rows = (int) tensor.getDims(2);
      int columns = (int) tensor.getDims(3);
      float[] weights =
          FloatTensors.values(tensor).orElseThrow(() -> new Refusal(whyNotFloats(tensor)));
      int group = ConvGeometry.group(node);
      if (out < 1 || in < 1 || out % group != 0) {
        throw new Refusal(out + " x " + in + " kernels do not split into " + group + " groups");
      }
      float[] bias = bias(node, out, index);
      List<Integer> folded = new ArrayList<>();
      String output = node.getOutput(0);
      Optional<Integer> reader = isShared(weight) ? Optional.empty() : index.onlyReader(output);
      while (reader.isPresent()) {
        NodeProto next = scope.graph.getNode(reader.get());
        Optional<ChannelFold> fold = ChannelFold.of(next, output, index, out);
        if (fold.isEmpty()) {
          break;
        }
        folded.add(reader.get());
        output = next.getOutput(0);
        weights = fold.get().weights(weights);
        bias = fold.get().bias(bias);
        reader = index.onlyReader(output);
      }
      requireFinite(weights);
      requireFinite(bias);
      String x = node.getInput(0);
      ConvAttributes geometry = ConvGeometry.of(node, new int[] {rows, columns}, sizes.get(x));
      String own = unique(name);
      return new ConvLayer(
          own,
          scope.place,
          scope.place.isMain() ? "" : observed(own),
          i,
          folded,
          x,
          weight,
          output,
          out,
          in,
          rows,
          columns,
          weights,
          bias,
          geometry);
    }

    private TensorProto weightTensor(NodeProto node, GraphIndex index) throws Refusal {
      String name = node.getInput(1);
      Optional<TensorProto> constant = index.constant(name);
      if (constant.isEmpty()) {
        throw new Refusal(whyNotConstant(name, index));
      }
      TensorProto tensor = constant.get();
      if (tensor.getDimsCount() != WEIGHT_RANK) {
        throw new Refusal(
            "it is not a two-dimensional convolution: its weights have "
                + tensor.getDimsCount()
                + " dimensions");
      }
      boolean is3x3 = tensor.getDims(2) == 3 && tensor.getDims(3) == 3;
      if (codewords == Codewords.SIGNS && !is3x3) {
        throw new Refusal(
            "its kernels are " + tensor.getDims(2) + "x" + tensor.getDims(3) + ", not 3x3");
      }
      if (tensor.getDims(2) < 1 || tensor.getDims(3) < 1) {
        throw new Refusal("its kernels have no weights");
      }
      return tensor;
    }

    private String whyNotConstant(String name, GraphIndex index) {
      if (index.isOverridable(name) || index.isInput(name)) {
        return "its weights '" + name + "' are an input of the model";
      }
      if (index.isCarried(name)) {
        return "its weights '" + name + "' can be others in each iteration of a loop";
      }
      return index
          .producer(name)
          .map(node -> "its weights are computed in the graph, by " + node.getOpType())
          .orElse("its weights '" + name + "' are not in the model");
    }

    private float[] bias(NodeProto node, int out, GraphIndex index) throws Refusal {
      if (node.getInputCount() < 3 || node.getInput(2).isEmpty()) {
        return new float[out];
      }
      float[] bias =
          index
              .constant(node.getInput(2))
              .flatMap(FloatTensors::values)
              .orElseThrow(() -> new Refusal("its bias is not a constant float32 tensor"));
      if (bias.length != out) {
        throw new Refusal("its bias has " + bias.length + " values, not " + out);
      }
      return bias;
    }

    private static void requireFinite(float[] values) throws Refusal {
      for (float value : values) {
        if (!Float.isFinite(value)) {
          throw new Refusal("a weight or bias of it is " + value);
        }
      }
    }

    private String unique(String name) {
      String unique = GraphNames.free(name, names::contains);
      names.add(unique);
      return unique;
    }

    /** What the observed values of a layer inside a body are named after. */
    private String observed(String layer) {
      String base =
          GraphNames.free(
              layer + "/observed",
              name -> taken.stream().anyMatch(other -> other.startsWith(name + "/")));
      taken.add(base + "/");
      return base;
    }

    private static String whyNotFloats(TensorProto tensor) {
      return tensor.getDataType() == TensorProto.DataType.FLOAT.getNumber()
          ? "the data of its weights does not fit their shape"
          : "its weights are " + typeName(tensor) + " tensors, not float32";
    }

    private static String typeName(TensorProto tensor) {
      TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
      return type == null ? "unknown" : type.name().toLowerCase(Locale.ROOT);
    }
  }
}

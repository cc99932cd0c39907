package dev.subbit.tribuo.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.PortableModels;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.ResidualBlock;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes a trained network as an ONNX model.
 *
 * <p>The input {@value #INPUT} is float [batch, features], the features in the order of their ids
 * and with raw pixel values; the output {@value #OUTPUT} is float [batch, classes], probabilities.
 * ONNX nodes bear the names of the network's nodes. Batch normalisation is folded into the
 * convolution before it, and the stages of a layer that are added up are one convolution under the
 * name of the first. Between binary convolutions signs flow packed, and a block of ReActNet is one
 * node, under the name of its convolution. A network with quantized ranges becomes an integer graph
 * as {@link TrainedNetwork} describes, where the end of a residual block is one node under the name
 * of its convolution, too; every ONNX Runtime back end then gives the same bits.
 *
 * <p>A network with an {@link IntegerForm} becomes one node from pixels to logits, or one node per
 * layer. All of its values but the logits are integers, and every ONNX Runtime back end gives the
 * same bits here, too.
 */
public final class OnnxExporter {

  /** Name of the graph's input. */
  public static final String INPUT = "input";

  /** Name of the graph's output. */
  public static final String OUTPUT = "output";

  /** The oldest operator set in which onnx's ReferenceEvaluator has DequantizeLinear. */
  private static final int PORTABLE_OPSET = 19;

  /** The file version that this operator set came with. */
  private static final int PORTABLE_IR_VERSION = 9;

  private final TrainedNetwork trained;
  private final Map<String, ConvChain> chains;
  private final Map<String, NodeShape> shapes;
  private final OnnxGraph graph = new OnnxGraph();

  /** Nodes that run as part of a convolution before them. */
  private final Set<String> folded = new HashSet<>();

  /** Stages that are one convolution, by their last nodes. */
  private final Map<String, StageSum> sums;

  private final ActivationValues values;
  private final FloatLayers floatLayers;
  private final IntegerLayers integerLayers;
  private final BinaryLayers binaryLayers;
  private final BinaryLayerWriter binaryLayerWriter;

  private OnnxExporter(TrainedNetwork trained, int[] positions, List<String> wanted) {
    this.trained = trained;
    this.chains = ConvChain.of(trained.network());
    this.shapes = NetworkShapes.of(trained.network());
    this.values = new ActivationValues(graph, trained, shapes);
    this.floatLayers = new FloatLayers(graph, trained, chains, shapes, positions, values);
    this.integerLayers = new IntegerLayers(graph, trained, values);
    this.binaryLayers = new BinaryLayers(trained.network(), chains, Set.copyOf(wanted));
    this.binaryLayerWriter = new BinaryLayerWriter(graph, trained, shapes, binaryLayers, values);
    graph.addInput(positions.length);
    chains.values().forEach(chain -> chain.norm().ifPresent(norm -> folded.add(norm.name())));
    // In 8 bits, each stage is rounded by a range of its own.
    this.sums = trained.ranges().isEmpty() ? StageSum.of(trained, Set.copyOf(wanted)) : Map.of();
    sums.values().forEach(sum -> sum.inner().forEach(node -> folded.add(node.name())));
  }

  /**
   * Exports a network that gives probabilities.
   *
   * @param trained the network, whole.
   * @param positions the pixel position of each feature of the input, by feature id; distinct.
   * @return the model, with the functions of the operators it uses; the caller adds what identifies
   *     it.
   * @throws IllegalStateException if folding a batch normalisation overflows, or a number does not
   *     fit the network's integer form; the message names the node.
   * @throws IllegalArgumentException if the network has an integer form, but a layer that cannot
   *     run in integers; the message names the node.
   */
  public static ModelProto export(TrainedNetwork trained, int[] positions) {
    if (trained.integers().isPresent()) {
      return IntegerExporter.export(trained, positions);
    }
    List<String> output = List.of(trained.network().output().name());
    OnnxExporter exporter = new OnnxExporter(trained, positions, output);
    exporter.writeNodes(output);
    exporter.graph.writeProbabilities(
        exporter.values.floatOf(output.get(0)), trained.network().classes());
    return exporter.model();
  }

  /**
   * Exports a network that computes in integers and gives probabilities, with one node per layer
   * where {@link #export} writes one for the whole network. It gives the same bits; values between
   * layers can be looked at, and take time to be written and read.
   *
   * @param trained the network, whole.
   * @param positions the pixel position of each feature of the input, by feature id; distinct.
   * @return the model.
   * @throws IllegalStateException as {@link #export}.
   * @throws IllegalArgumentException as {@link #export}, and if the network has no integer form.
   */
  public static ModelProto exportByLayer(TrainedNetwork trained, int[] positions) {
    if (trained.integers().isEmpty()) {
      throw new IllegalArgumentException(
          "Network '"
              + trained.network().name()
              + "' does not compute in integers, so it has one node per layer anyway");
    }
    return IntegerExporter.exportByLayer(trained, positions);
  }

  /**
   * Exports a network without functions, for tools that do not know them: the bodies of the sub-bit
   * operators stand where {@link #export} writes nodes, or {@link #exportByLayer} if the network
   * computes in integers. The weights stay as small as they are.
   *
   * @param trained the network, whole.
   * @param positions the pixel position of each feature of the input, by feature id; distinct.
   * @return the model, of standard operators only.
   * @throws IllegalStateException as {@link #export}.
   * @throws IllegalArgumentException as {@link #export}.
   */
  public static ModelProto exportInlined(TrainedNetwork trained, int[] positions) {
    return PortableModels.inlined(forOtherTools(trained, positions));
  }

  /**
   * Exports a network as {@link #exportInlined}, with decoded weights: a network of ordinary
   * convolutions.
   *
   * @param trained the network, whole.
   * @param positions the pixel position of each feature of the input, by feature id; distinct.
   * @return the model, of standard operators only.
   * @throws IllegalStateException as {@link #export}.
   * @throws IllegalArgumentException as {@link #export}.
   */
  public static ModelProto exportPlain(TrainedNetwork trained, int[] positions) {
    return PortableModels.plain(forOtherTools(trained, positions));
  }

  private static ModelProto forOtherTools(TrainedNetwork trained, int[] positions) {
    ModelProto.Builder model =
        (trained.integers().isPresent()
                ? exportByLayer(trained, positions)
                : export(trained, positions))
            .toBuilder();
    model.getOpsetImportBuilder(0).setVersion(PORTABLE_OPSET);
    return model.setIrVersion(PORTABLE_IR_VERSION).build();
  }

  /**
   * Exports a network that gives, in place of probabilities, the float values of some of its nodes,
   * as calibration needs them. The outputs bear the names that {@link #valueName} gives.
   *
   * @param trained the network, whole.
   * @param positions the pixel position of each feature of the input, by feature id; distinct.
   * @param nodes names of the nodes; none may be folded away, that is, be a convolution whose only
   *     reader is a batch normalisation or, with quantized ranges, lie before the last node of a
   *     convolution's chain or block. In a network with an integer form, only the last nodes of
   *     integer operators have values: the stem, convolutions and 1x1 convolutions with what is
   *     behind them, ReActNet blocks, and the classifier.
   * @return the model.
   * @throws IllegalStateException as {@link #export}.
   * @throws IllegalArgumentException as {@link #export}, and if a node of a network with an integer
   *     form has no values.
   */
  public static ModelProto exportValues(
      TrainedNetwork trained, int[] positions, List<String> nodes) {
    if (trained.integers().isPresent()) {
      return IntegerExporter.exportValues(trained, positions, nodes);
    }
    OnnxExporter exporter = new OnnxExporter(trained, positions, nodes);
    exporter.writeNodes(nodes);
    for (String node : nodes) {
      exporter.graph.writeValue(node, exporter.values.floatOf(node), exporter.shapes.get(node));
    }
    return exporter.model();
  }

  /**
   * The nodes of a network that computes in integers whose values lie between its layers, or are
   * its logits: those that {@link #exportValues} can give.
   *
   * @param network a binary network.
   * @return names of nodes, in the order of the layers.
   * @throws IllegalArgumentException if a layer cannot run in integers; the message names its node.
   */
  public static List<String> integerNodes(Network network) {
    return IntegerParts.of(network).stream().map(IntegerPart::value).toList();
  }

  /**
   * Name of the output that {@link #exportValues} gives a node.
   *
   * @param node the node.
   * @return the name.
   */
  public static String valueName(String node) {
    return node + "/value";
  }

  private ModelProto model() {
    return SubBitModels.ofGraph(graph.proto().setName(trained.network().name()).build());
  }

  /** Writes nodes in order until all of the wanted ones have a value. */
  private void writeNodes(List<String> wanted) {
    Set<String> missing = new HashSet<>(wanted);
    for (Network.Node node : trained.network().nodes()) {
      missing.removeIf(values::contains);
      if (missing.isEmpty()) {
        return;
      }
      if (binaryLayers.blockOf(node.name()).isPresent()) {
        binaryLayerWriter.writeBlock(binaryLayers.blockOf(node.name()).get());
      } else if (binaryLayers.isConv(node.name()) && !binaryLayers.isInsideBlock(node.name())) {
        binaryLayerWriter.writeConv(chains.get(node.name()));
      } else if (runsInsideAnother(node)) {
        continue;
      } else if (sums.containsKey(node.name())) {
        floatLayers.writeSum(sums.get(node.name()));
      } else if (integerLayers.blockOfAddition(node.name()).isPresent()) {
        ResidualBlock block = integerLayers.blockOfAddition(node.name()).get();
        block.relu().ifPresent(relu -> folded.add(relu.name()));
        integerLayers.writeBlock(block);
      } else if (convolvesIntegers(node)) {
        ConvChain chain = chains.get(node.name());
        chain.relu().ifPresent(relu -> folded.add(relu.name()));
        integerLayers.writeConv(chain);
      } else if (node.layer() instanceof Layer.MaxPool pool && poolsIntegers(node)) {
        String name = ActivationValues.onnxName(node);
        String input = values.integerOf(node.inputs().get(0));
        values.putInteger(node.name(), floatLayers.writeMaxPool(name, pool, input));
      } else {
        floatLayers.write(node);
      }
    }
  }

  private boolean runsInsideAnother(Network.Node node) {
    return folded.contains(node.name())
        || binaryLayers.isInsideBlock(node.name())
        || binaryLayers.isThreshold(node.name())
        || integerLayers.endsBlock(node.name());
  }

  private boolean convolvesIntegers(Network.Node node) {
    return !trained.ranges().isEmpty() && trained.packed().containsKey(node.name());
  }

  /** Whether a max pooling can take 8-bit values as they are: the largest stays the largest. */
  private boolean poolsIntegers(Network.Node node) {
    return values.roundsNoFurther(node.name(), node.inputs().get(0));
  }
}

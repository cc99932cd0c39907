package dev.subbit.tribuo.export;

import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.onnx.SubBitNodes.Quantized;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.ResidualBlock;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Writes the 8-bit convolutions of a network with quantized ranges. */
final class IntegerLayers {

  private final OnnxGraph graph;
  private final TrainedNetwork trained;
  private final ActivationValues values;
  private final Map<String, ResidualBlock> blocks;
  private final Map<String, ResidualBlock> blocksByAddition = new HashMap<>();

  /**
   * Prepares to write layers of a network.
   *
   * @param graph the graph to write to.
   * @param trained the network.
   * @param values the tensors so far; results are added to them.
   */
  IntegerLayers(OnnxGraph graph, TrainedNetwork trained, ActivationValues values) {
    this.graph = graph;
    this.trained = trained;
    this.values = values;
    this.blocks = ResidualBlock.inIntegers(trained);
    blocks.values().forEach(block -> blocksByAddition.put(block.add().name(), block));
  }

  /** Whether a convolution is written together with the addition behind it. */
  boolean endsBlock(String conv) {
    return blocks.containsKey(conv);
  }

  /** The block end that a node is the addition of: both summands are known by then. */
  Optional<ResidualBlock> blockOfAddition(String add) {
    return Optional.ofNullable(blocksByAddition.get(add));
  }

  /** Writes a convolution; its values are those of the chain's last node. */
  void writeConv(ConvChain chain) {
    String input = chain.conv().inputs().get(0);
    String output = chain.last().name();
    FoldedConv.Integers integers = integers(chain);
    String tensor =
        SubBitNodes.qLinearConv(
            graph.proto(),
            ActivationValues.onnxName(chain.conv()),
            values.integerOf(input),
            values.scaleOf(input),
            values.zeroPointOf(input),
            integers.weights(),
            geometry(chain.conv()),
            values.scaleOf(output),
            values.zeroPointOf(output),
            integers.bias());
    values.putInteger(output, tensor);
  }

  /** Writes the end of a residual block; its values are those of the block's last node. */
  void writeBlock(ResidualBlock block) {
    ConvChain chain = block.chain();
    String output = block.last().name();
    FoldedConv.Integers integers = integers(chain);
    String tensor =
        SubBitNodes.qLinearBlock(
            graph.proto(),
            ActivationValues.onnxName(chain.conv()),
            quantized(chain.conv().inputs().get(0)),
            integers.weights(),
            geometry(chain.conv()),
            integers.bias(),
            quantized(block.shortcut()),
            values.scaleOf(output),
            values.zeroPointOf(output));
    values.putInteger(output, tensor);
  }

  private FoldedConv.Integers integers(ConvChain chain) {
    String input = chain.conv().inputs().get(0);
    return new FoldedConv(trained, chain).integers(trained.ranges().get(input).scale());
  }

  private Quantized quantized(String node) {
    return new Quantized(values.integerOf(node), values.scaleOf(node), values.zeroPointOf(node));
  }

  private static ConvAttributes geometry(Network.Node conv) {
    return ConvAttributes.of(((Layer.Conv) conv.layer()).stride(), 1);
  }
}

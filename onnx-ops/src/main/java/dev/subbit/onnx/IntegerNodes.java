package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import java.util.HashMap;
import java.util.Map;

/**
 * Adds layers of integer networks to an ONNX graph: the node, and its parameters as initializers
 * named {@code <node>/<input>}. {@link IntegerNetworkFunction} adds a whole network as one node.
 *
 * <p>{@link SubBitModels} then turns the graph into a model.
 */
public final class IntegerNodes {

  private IntegerNodes() {}

  /**
   * Adds a layer that has no residual.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of what it reads: float or uint8 [N, C, H, W] for a stem, else int16 [N, H, W,
   *     C].
   * @param layer the layer.
   * @return name of the output: int16 [N, H', W', outChannels], or float [N, classes] of a
   *     classifier.
   * @throws IllegalArgumentException if the operator refuses the layer, or if it is a block; the
   *     message names the node.
   */
  public static String add(GraphProto.Builder graph, String name, String x, IntegerLayer layer) {
    if (layer instanceof IntegerLayer.Block) {
      throw new IllegalArgumentException("Node '" + name + "': a block needs a residual");
    }
    return add(graph, name, layer, Map.of("X", x));
  }

  /**
   * Adds a block.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of what it convolves, int16 [N, H, W, inChannels].
   * @param residual name of what it adds, int16 [N, H', W', outChannels].
   * @param block the block.
   * @return name of the output, int16 [N, H', W', outChannels].
   * @throws IllegalArgumentException if the operator refuses the block; the message names the node.
   */
  public static String add(
      GraphProto.Builder graph, String name, String x, String residual, IntegerLayer.Block block) {
    return add(graph, name, block, Map.of("X", x, "residual", residual));
  }

  private static String add(
      GraphProto.Builder graph, String name, IntegerLayer layer, Map<String, String> data) {
    IntegerParts parts = IntegerParts.of("Node '" + name + "'", layer);
    Map<String, String> inputs = new HashMap<>(data);
    parts
        .parameters()
        .forEach(
            (input, tensor) -> {
              String initializer = name + "/" + input;
              graph.addInitializer(tensor.toBuilder().setName(initializer));
              inputs.put(input, initializer);
            });
    graph.addNode(
        SubBitNodes.node(parts.operator(), name, inputs)
            .addAllAttribute(parts.settings().toProtos())
            .addOutput(name));
    return name;
  }
}

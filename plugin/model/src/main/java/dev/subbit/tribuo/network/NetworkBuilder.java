package dev.subbit.tribuo.network;

import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * A network under construction: nodes, and the groups of nodes that all networks share. Methods
 * that add nodes return the name of the last one. Not thread-safe.
 */
final class NetworkBuilder {

  private final Weights weights;
  private final Activations activations;
  private final List<Network.Node> nodes = new ArrayList<>();

  /**
   * Starts an empty network.
   *
   * @param weights how {@link #conv3x3} holds its weights.
   * @param activations how {@link #conv3x3} uses its input.
   */
  NetworkBuilder(Weights weights, Activations activations) {
    this.weights = weights;
    this.activations = activations;
  }

  boolean hasBinaryActivations() {
    return activations == Activations.BINARY;
  }

  List<Network.Node> nodes() {
    return nodes;
  }

  String add(String name, Layer layer, String... inputs) {
    nodes.add(new Network.Node(name, layer, List.of(inputs)));
    return name;
  }

  /** The image with its pixels mapped from 0..255 to -1..1. */
  String image() {
    return add("normalize", new Layer.Normalize(2f / 255f, -1f), add("image", new Layer.Input()));
  }

  /** A convolution that keeps float weights and takes its input as it is. */
  String floatConv(String name, String input, int in, int out, int kernel, int stride) {
    return add(
        name, new Layer.Conv(in, out, kernel, stride, Weights.FLOAT, Activations.REAL), input);
  }

  /** A convolution with the network's kind of weights and activations. */
  String conv3x3(String name, String input, int in, int out, int stride) {
    return add(name, new Layer.Conv(in, out, 3, stride, weights, activations), input);
  }
}

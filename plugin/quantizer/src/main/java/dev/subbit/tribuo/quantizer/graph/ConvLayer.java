package dev.subbit.tribuo.quantizer.graph;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.ConvAttributes;

/**
 * A 3x3 convolution of a graph that can become sub-bit, with the batch normalisation behind it
 * folded in where there is one.
 *
 * @param name its name, or that of its output where the node has none; unique among the layers.
 * @param node index of the Conv node in the graph.
 * @param normNode index of the folded BatchNormalization node, or -1.
 * @param input name of the value it reads.
 * @param output name of the value it gives, that of the batch normalisation where one is folded in.
 * @param outChannels output channels.
 * @param inChannels input channels of one group.
 * @param weights [outChannels, inChannels, 3, 3], row-major.
 * @param bias one value per output channel; zeros where there is none.
 * @param attributes the geometry.
 */
public record ConvLayer(
    String name,
    int node,
    int normNode,
    String input,
    String output,
    int outChannels,
    int inChannels,
    float[] weights,
    float[] bias,
    ConvAttributes attributes) {

  /**
   * Number of weights.
   *
   * @return outChannels * inChannels * 9.
   */
  public int weightCount() {
    return outChannels * inChannels * Codebook.TAPS;
  }
}

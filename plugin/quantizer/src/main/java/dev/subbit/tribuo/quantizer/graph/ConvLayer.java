package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.OnnxProtos;
import java.util.List;

/**
 * A 3x3 convolution of a graph that can become sub-bit, with what scales and shifts its channels
 * behind it folded in.
 *
 * @param name its name, or that of its output where the node has none; unique among the layers.
 * @param node index of the Conv node in the graph.
 * @param folded indices of the nodes behind it that are folded in, in order.
 * @param input name of the value it reads.
 * @param weight name of the value that holds its weights; layers of one name share them.
 * @param output name of the value it gives, that of the last node that is folded in.
 * @param outChannels output channels.
 * @param inChannels input channels of one group.
 * @param weights [outChannels, inChannels, 3, 3], row-major.
 * @param bias one value per output channel; zeros where there is none.
 * @param attributes the geometry.
 */
public record ConvLayer(
    String name,
    int node,
    List<Integer> folded,
    String input,
    String weight,
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

  /**
   * The convolution as a node, without name, inputs and outputs.
   *
   * @return a Conv with this geometry.
   */
  public NodeProto.Builder conv() {
    ConvAttributes a = attributes;
    return NodeProto.newBuilder()
        .setOpType("Conv")
        .addAttribute(OnnxProtos.attribute("kernel_shape", 3, 3))
        .addAttribute(OnnxProtos.attribute("strides", a.strideHeight(), a.strideWidth()))
        .addAttribute(
            OnnxProtos.attribute("pads", a.padTop(), a.padLeft(), a.padBottom(), a.padRight()))
        .addAttribute(OnnxProtos.attribute("dilations", a.dilationHeight(), a.dilationWidth()))
        .addAttribute(OnnxProtos.attribute("group", (long) a.group()));
  }
}

package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.OnnxProtos;
import java.util.List;

/**
 * A convolution of a graph that can become sub-bit, with what scales and shifts its channels behind
 * it folded in.
 *
 * @param name its name, or that of its output where the node has none; unique among the layers.
 * @param node index of the Conv node in the graph.
 * @param folded indices of the nodes behind it that are folded in, in order.
 * @param input name of the value it reads.
 * @param weight name of the value that holds its weights; layers of one name share them.
 * @param output name of the value it gives, that of the last node that is folded in.
 * @param outChannels output channels.
 * @param inChannels input channels of one group.
 * @param kernelHeight rows of a kernel.
 * @param kernelWidth columns of a kernel.
 * @param weights [outChannels, inChannels, kernelHeight, kernelWidth], row-major.
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
    int kernelHeight,
    int kernelWidth,
    float[] weights,
    float[] bias,
    ConvAttributes attributes) {

  private static final int OTHER_WIDTH = 8;

  /**
   * Number of weights.
   *
   * @return those of all outputs.
   */
  public int weightCount() {
    return outChannels * rowSize();
  }

  /**
   * Number of weights of one output.
   *
   * @return inChannels * kernelHeight * kernelWidth.
   */
  public int rowSize() {
    return inChannels * kernelHeight * kernelWidth;
  }

  /**
   * Shape of the weights.
   *
   * @return four sizes.
   */
  public long[] shape() {
    return new long[] {outChannels, inChannels, kernelHeight, kernelWidth};
  }

  /**
   * Number of values of the vectors that the weights of an output are cut into.
   *
   * @return those of a 3x3 kernel, else {@value #OTHER_WIDTH}: then an index of 5 bits costs 0.6
   *     bits per weight.
   */
  public int vectorWidth() {
    return is3x3() ? Codebook.TAPS : OTHER_WIDTH;
  }

  /**
   * Whether its kernels are those of the sub-bit operators.
   *
   * @return true for 3 rows and columns.
   */
  public boolean is3x3() {
    return kernelHeight == 3 && kernelWidth == 3;
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
        .addAttribute(OnnxProtos.attribute("kernel_shape", kernelHeight, kernelWidth))
        .addAttribute(OnnxProtos.attribute("strides", a.strideHeight(), a.strideWidth()))
        .addAttribute(
            OnnxProtos.attribute("pads", a.padTop(), a.padLeft(), a.padBottom(), a.padRight()))
        .addAttribute(OnnxProtos.attribute("dilations", a.dilationHeight(), a.dilationWidth()))
        .addAttribute(OnnxProtos.attribute("group", (long) a.group()));
  }
}

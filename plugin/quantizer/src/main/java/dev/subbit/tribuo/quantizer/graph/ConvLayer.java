package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.OnnxProtos;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A convolution of a graph that can become sub-bit, with what scales and shifts its channels behind
 * it folded in.
 *
 * @param name its name, or that of its output where the node has none; unique among the layers.
 * @param place the graph it is in: the main one, or the body of an If or Loop.
 * @param observed what the names of the values begin with that {@link BodyValues} makes of its
 *     input and output; empty in the main graph, whose values can be observed as they are.
 * @param node index of the Conv node in its graph.
 * @param folded indices of the nodes behind it that are folded in, in order.
 * @param input name of the value it reads, in its graph.
 * @param weight name of the value that holds its weights, unique in the model; layers of one name
 *     share them.
 * @param output name of the value it gives, in its graph, that of the last node that is folded in.
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
    GraphPlace place,
    String observed,
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
   * The value that it reads, as one of the main graph.
   *
   * @return its name, in what {@link BodyValues#expose} gives.
   */
  public String observedInput() {
    return place.isMain() ? input : observed + "/x";
  }

  /**
   * The value that it gives, as one of the main graph.
   *
   * @return its name, in what {@link BodyValues#expose} gives.
   */
  public String observedOutput() {
    return place.isMain() ? output : observed + "/y";
  }

  /**
   * Compares by the order in which the nodes of a model run, bodies at the place of their node.
   *
   * @param other another layer of the model.
   * @return as {@link Integer#compare}.
   */
  public int compareOrder(ConvLayer other) {
    return Arrays.compare(path(), other.path());
  }

  private int[] path() {
    return IntStream.concat(
            place.steps().stream()
                .flatMapToInt(step -> IntStream.of(step.node(), step.attribute())),
            IntStream.of(node))
        .toArray();
  }

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

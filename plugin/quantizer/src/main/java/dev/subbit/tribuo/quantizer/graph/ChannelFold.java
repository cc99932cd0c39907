package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;

/**
 * What a node does to the output of a convolution if that is the same as other weights and biases:
 * {@code y = factor * x + summand} in each channel. Batch normalisation in its inference form is
 * such, and so are Mul, Div, Add and Sub of constants.
 *
 * @param factor one value per channel.
 * @param summand one value per channel.
 */
record ChannelFold(double[] factor, double[] summand) {

  private static final float DEFAULT_EPSILON = 1e-5f;
  private static final int INPUTS = 5;

  /** Axes behind that of the channels. */
  private static final int AXES_BEHIND = 2;

  /**
   * Reads a node.
   *
   * @param node any node.
   * @param value the value that it reads, of four dimensions.
   * @param index the graph it is in.
   * @param channels channels of the value.
   * @return empty if it does something else to the value.
   */
  static Optional<ChannelFold> of(NodeProto node, String value, GraphIndex index, int channels) {
    if (!GraphIndex.isStandard(node) || node.getOutputCount() == 0) {
      return Optional.empty();
    }
    Optional<ChannelFold> fold =
        switch (node.getOpType()) {
          case "BatchNormalization" ->
              node.getInput(0).equals(value) ? norm(node, index, channels) : Optional.empty();
          case "Mul", "Div", "Add", "Sub" -> arithmetic(node, value, index, channels);
          default -> Optional.empty();
        };
    return fold.filter(
        found ->
            Arrays.stream(found.factor).allMatch(Double::isFinite)
                && Arrays.stream(found.summand).allMatch(Double::isFinite));
  }

  /** The values that a node may bring with it, whatever they are. */
  static boolean isCandidate(NodeProto node) {
    return GraphIndex.isStandard(node)
        && switch (node.getOpType()) {
          case "BatchNormalization", "Mul", "Div", "Add", "Sub" -> true;
          default -> false;
        };
  }

  /** Weights [out, ...] for the convolution with what follows. */
  float[] weights(float[] weights) {
    float[] scaled = new float[weights.length];
    int each = weights.length / factor.length;
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = (float) (weights[i] * factor[i / each]);
    }
    return scaled;
  }

  /** Biases for the convolution with what follows. */
  float[] bias(float[] bias) {
    float[] folded = new float[bias.length];
    for (int o = 0; o < folded.length; o++) {
      folded[o] = (float) (bias[o] * factor[o] + summand[o]);
    }
    return folded;
  }

  private static Optional<ChannelFold> arithmetic(
      NodeProto node, String value, GraphIndex index, int channels) {
    if (node.getInputCount() != 2 || node.getInput(0).equals(node.getInput(1))) {
      return Optional.empty();
    }
    boolean first = node.getInput(0).equals(value);
    double[] constant =
        index
            .constant(node.getInput(first ? 1 : 0))
            .flatMap(tensor -> perChannel(tensor, channels))
            .orElse(null);
    if (constant == null || node.getOpType().equals("Div") && !first) {
      return Optional.empty();
    }
    return Optional.of(
        switch (node.getOpType()) {
          case "Mul" -> of(channels, c -> constant[c], c -> 0);
          case "Div" -> of(channels, c -> 1 / constant[c], c -> 0);
          case "Add" -> of(channels, c -> 1, c -> constant[c]);
          default -> of(channels, c -> first ? 1 : -1, c -> (first ? -1 : 1) * constant[c]);
        });
  }

  private static ChannelFold of(
      int channels, IntToDoubleFunction factor, IntToDoubleFunction summand) {
    double[] factors = new double[channels];
    double[] summands = new double[channels];
    Arrays.setAll(factors, factor);
    Arrays.setAll(summands, summand);
    return new ChannelFold(factors, summands);
  }

  /** A constant that broadcasts to the same number at every pixel of a channel. */
  private static Optional<double[]> perChannel(TensorProto tensor, int channels) {
    int rank = tensor.getDimsCount();
    int channelAxis = rank - 1 - AXES_BEHIND;
    for (int axis = 0; axis < rank; axis++) {
      boolean fits = tensor.getDims(axis) == 1 || axis == channelAxis;
      if (!fits || rank > AXES_BEHIND + 2) {
        return Optional.empty();
      }
    }
    return FloatTensors.values(tensor)
        .filter(values -> values.length == 1 || values.length == channels)
        .map(
            values -> {
              double[] each = new double[channels];
              Arrays.setAll(each, c -> values[values.length == 1 ? 0 : c]);
              return each;
            });
  }

  private static Optional<ChannelFold> norm(NodeProto node, GraphIndex index, int channels) {
    boolean trains =
        ConvGeometry.attribute(node, "training_mode").map(AttributeProto::getI).orElse(0L) != 0;
    long outputs = node.getOutputList().stream().filter(name -> !name.isEmpty()).count();
    if (node.getInputCount() != INPUTS || outputs != 1 || trains) {
      return Optional.empty();
    }
    float[][] parameters = new float[INPUTS - 1][];
    for (int i = 0; i < parameters.length; i++) {
      Optional<TensorProto> tensor = index.constant(node.getInput(i + 1));
      parameters[i] = tensor.flatMap(FloatTensors::values).orElse(null);
      if (parameters[i] == null || parameters[i].length != channels) {
        return Optional.empty();
      }
    }
    float epsilon =
        ConvGeometry.attribute(node, "epsilon").map(AttributeProto::getF).orElse(DEFAULT_EPSILON);
    double[] factor = new double[channels];
    double[] summand = new double[channels];
    for (int c = 0; c < channels; c++) {
      factor[c] = parameters[0][c] / Math.sqrt((double) parameters[3][c] + epsilon);
      summand[c] = parameters[1][c] - parameters[2][c] * factor[c];
    }
    return Optional.of(new ChannelFold(factor, summand));
  }
}

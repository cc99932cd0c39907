package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.Optional;

/**
 * A batch normalisation in its inference form: {@code y = factor * x + summand} in each channel.
 *
 * @param factor one value per channel.
 * @param summand one value per channel.
 */
record BatchNormFold(double[] factor, double[] summand) {

  private static final float DEFAULT_EPSILON = 1e-5f;
  private static final int INPUTS = 5;

  /**
   * Reads a batch normalisation from a node.
   *
   * @param node any node.
   * @param index the graph it is in.
   * @param channels channels of its input.
   * @return empty if it is not a batch normalisation with constant parameters in its inference
   *     form.
   */
  static Optional<BatchNormFold> of(NodeProto node, GraphIndex index, int channels) {
    boolean trains =
        ConvGeometry.attribute(node, "training_mode").map(AttributeProto::getI).orElse(0L) != 0;
    long outputs = node.getOutputList().stream().filter(name -> !name.isEmpty()).count();
    if (!GraphIndex.isStandard(node, "BatchNormalization")
        || node.getInputCount() != INPUTS
        || outputs != 1
        || trains) {
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
      if (!Double.isFinite(factor[c]) || !Double.isFinite(summand[c])) {
        return Optional.empty();
      }
    }
    return Optional.of(new BatchNormFold(factor, summand));
  }
}

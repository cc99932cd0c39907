package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxJavaType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One input of a model.
 *
 * @param name its name.
 * @param type type of its elements.
 * @param shape its shape; what is not fixed is not positive; null where even the number of
 *     dimensions is open.
 */
public record ModelInput(String name, OnnxJavaType type, long[] shape) {

  private static final int IMAGE_AXES = 3;

  /**
   * The inputs of a model that have to be fed.
   *
   * @param model the model.
   * @return the inputs without a value of their own, in the model's order.
   * @throws IllegalArgumentException if one is not a tensor.
   */
  public static List<ModelInput> of(ModelProto model) {
    Set<String> initialized = new HashSet<>();
    model.getGraph().getInitializerList().forEach(tensor -> initialized.add(tensor.getName()));
    List<ModelInput> inputs = new ArrayList<>();
    for (ValueInfoProto input : model.getGraph().getInputList()) {
      if (!initialized.contains(input.getName())) {
        inputs.add(of(input));
      }
    }
    return inputs;
  }

  private static ModelInput of(ValueInfoProto input) {
    if (!input.getType().hasTensorType()) {
      throw new IllegalArgumentException(
          "The model's input '" + input.getName() + "' is not a tensor");
    }
    TypeProto.Tensor tensor = input.getType().getTensorType();
    long[] shape =
        tensor.hasShape()
            ? tensor.getShape().getDimList().stream()
                .mapToLong(dimension -> dimension.hasDimValue() ? dimension.getDimValue() : -1)
                .toArray()
            : null;
    return new ModelInput(input.getName(), ElementType.inJava(tensor.getElemType()), shape);
  }

  /**
   * An input of one whole number for each sample.
   *
   * @param name its name.
   * @return the input, int64 of one axis.
   */
  public static ModelInput ofNumbers(String name) {
    return new ModelInput(name, OnnxJavaType.INT64, new long[] {-1});
  }

  /**
   * Whether the input has an axis for each axis of an image and none for samples.
   *
   * @return true for three dimensions, one of them, the first or the last, 1 or 3 channels.
   */
  public boolean isOneImage() {
    return shape != null
        && shape.length == IMAGE_AXES
        && (isChannels(shape[0]) || isChannels(shape[IMAGE_AXES - 1]));
  }

  private static boolean isChannels(long size) {
    return size == 1 || size == 3;
  }

  /**
   * Completes the shape with the user's dimensions where the model leaves them open.
   *
   * @param given dimensions of one sample; empty if the user gave none.
   * @return the shape of one sample: that behind the first axis, and the whole shape of an input
   *     for one image.
   * @throws IllegalArgumentException if a dimension stays open, or contradicts the model.
   */
  public long[] sampleShape(long[] given) {
    if (shape == null && given.length == 0) {
      throw new IllegalArgumentException(
          "Input '"
              + name
              + "' has no shape in the model; say with --shape which size to calibrate on, such as"
              + " --shape 3x224x224");
    }
    if (shape == null) {
      return given.clone();
    }
    if (shape.length == 0) {
      return new long[0];
    }
    long[] sample = Arrays.copyOfRange(shape, isOneImage() ? 0 : 1, shape.length);
    if (given.length != 0 && given.length != sample.length) {
      throw new IllegalArgumentException(
          "Input '"
              + name
              + "' is "
              + this
              + "; a shape of "
              + given.length
              + " dimensions for one sample does not fit it");
    }
    for (int i = 0; i < sample.length; i++) {
      long wanted = given.length == 0 ? 0 : given[i];
      if (sample[i] < 1 && wanted < 1) {
        throw new IllegalArgumentException(
            "Input '"
                + name
                + "' is "
                + this
                + ", not fixed in size; say with --shape which size to calibrate on, such as"
                + " --shape 3x224x224");
      }
      if (sample[i] > 0 && wanted > 0 && sample[i] != wanted) {
        throw new IllegalArgumentException(
            "Input '" + name + "' is " + this + ", which --shape contradicts");
      }
      sample[i] = sample[i] > 0 ? sample[i] : wanted;
    }
    return sample;
  }

  @Override
  public String toString() {
    if (shape == null) {
      return "of any shape";
    }
    StringBuilder text = new StringBuilder("[");
    for (long dimension : shape) {
      text.append(text.length() > 1 ? ", " : "").append(dimension > 0 ? "" + dimension : "?");
    }
    return text.append(']').toString();
  }
}

package dev.subbit.tribuo.quantizer.graph;

import ai.onnxruntime.OnnxJavaType;
import java.util.Arrays;

/**
 * One input of a model.
 *
 * @param name its name.
 * @param type type of its elements.
 * @param shape its shape; what is not fixed is not positive.
 */
public record ModelInput(String name, OnnxJavaType type, long[] shape) {

  /**
   * Completes the shape with the user's dimensions where the model leaves them open.
   *
   * @param given dimensions behind the first axis; empty if the user gave none.
   * @return the shape behind the first axis.
   * @throws IllegalArgumentException if a dimension stays open, or contradicts the model.
   */
  public long[] sampleShape(long[] given) {
    if (shape.length == 0) {
      throw new IllegalArgumentException("Input '" + name + "' has no axis of samples");
    }
    long[] sample = Arrays.copyOfRange(shape, 1, shape.length);
    if (given.length != 0 && given.length != sample.length) {
      throw new IllegalArgumentException(
          "Input '"
              + name
              + "' is "
              + this
              + "; a shape of "
              + given.length
              + " dimensions behind the first does not fit it");
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
    StringBuilder text = new StringBuilder("[");
    for (long dimension : shape) {
      text.append(text.length() > 1 ? ", " : "").append(dimension > 0 ? "" + dimension : "?");
    }
    return text.append(']').toString();
  }
}

package dev.subbit.tribuo.training.internal.graph.tensorflow;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.types.TFloat32;

/** TensorFlow's gradients. */
final class Gradients {

  private Gradients() {}

  /**
   * Adds the gradients of a number.
   *
   * @param by what they are taken with respect to.
   * @return one for each, in order; null where the number does not depend on it.
   */
  static List<Operand<TFloat32>> of(
      Graph graph, Operand<TFloat32> number, List<Operand<TFloat32>> by) {
    if (by.isEmpty()) {
      return List.of();
    }
    Output<?>[] found =
        graph.addGradients(
            number.asOutput(), by.stream().map(Operand::asOutput).toArray(Output<?>[]::new));
    List<Operand<TFloat32>> gradients = new ArrayList<>();
    for (Output<?> gradient : found) {
      gradients.add(exists(gradient) ? gradient.expect(TFloat32.class) : null);
    }
    return gradients;
  }

  /** TensorFlow gives an output of no operation where there is no gradient. */
  private static boolean exists(Output<?> gradient) {
    try {
      return gradient != null && gradient.op().name() != null;
    } catch (NullPointerException e) {
      return false;
    }
  }
}

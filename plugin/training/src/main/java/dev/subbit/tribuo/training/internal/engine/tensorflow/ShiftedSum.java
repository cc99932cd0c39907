package dev.subbit.tribuo.training.internal.engine.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Activations as a sum that is not added up yet: outputs of batch normalisations, tensors, and
 * shifts of the channels. The blocks of ReActNet shift them three times between two convolutions;
 * added up as vectors of a channel's size, the shifts cost one pass over the activations or none,
 * since a batch normalisation adds an offset anyway.
 *
 * @param norms batch normalisations, as functions from a further shift (null for none) to their
 *     output.
 * @param tensors [N, H, W, channels].
 * @param shift [channels], or null for none.
 */
record ShiftedSum(
    List<Function<Operand<TFloat32>, Operand<TFloat32>>> norms,
    List<Operand<TFloat32>> tensors,
    Operand<TFloat32> shift) {

  static ShiftedSum of(Operand<TFloat32> tensor) {
    return new ShiftedSum(List.of(), List.of(tensor), null);
  }

  static ShiftedSum ofNorm(Function<Operand<TFloat32>, Operand<TFloat32>> norm) {
    return new ShiftedSum(List.of(norm), List.of(), null);
  }

  /** Whether there is nothing left to add. */
  boolean isMade() {
    return norms.isEmpty() && tensors.size() == 1 && shift == null;
  }

  ShiftedSum shifted(Ops tf, Operand<TFloat32> by) {
    return new ShiftedSum(norms, tensors, sum(tf, shift, by));
  }

  ShiftedSum plus(Ops tf, ShiftedSum other) {
    return new ShiftedSum(
        concatenated(norms, other.norms),
        concatenated(tensors, other.tensors),
        sum(tf, shift, other.shift));
  }

  /** Adds up the sum; to be called only once where there are batch normalisations. */
  Operand<TFloat32> make(Ops tf) {
    List<Operand<TFloat32>> terms = new ArrayList<>();
    for (Function<Operand<TFloat32>, Operand<TFloat32>> norm : norms) {
      terms.add(norm.apply(terms.isEmpty() ? shift : null));
    }
    terms.addAll(tensors);
    Operand<TFloat32> sum = terms.get(0);
    for (Operand<TFloat32> term : terms.subList(1, terms.size())) {
      sum = tf.math.add(sum, term);
    }
    return shift == null || !norms.isEmpty() ? sum : tf.nn.biasAdd(sum, shift);
  }

  private static Operand<TFloat32> sum(Ops tf, Operand<TFloat32> a, Operand<TFloat32> b) {
    if (a == null) {
      return b;
    }
    return b == null ? a : tf.math.add(a, b);
  }

  private static <T> List<T> concatenated(List<T> a, List<T> b) {
    List<T> both = new ArrayList<>(a);
    both.addAll(b);
    return both;
  }
}

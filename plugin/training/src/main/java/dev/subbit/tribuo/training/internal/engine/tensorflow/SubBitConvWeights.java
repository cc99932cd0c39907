package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Sub-bit weights: the codeword nearest to each latent kernel, times the mean of |latent weight|
 * over the output channel. The scale takes no part in the gradient. Gradients go straight through
 * to the latent weights, where these lie in [-1, 1], and to the codewords that were chosen.
 */
final class SubBitConvWeights implements ConvWeights {

  private final Ops tf;
  private final TrainingDevice device;
  private final Layer.Conv conv;
  private final int codewordCount;
  private final Parameter latent;
  private final Parameter codewords;
  private final Operand<TInt32> index;
  private final Operand<TFloat32> scale;
  private final Operand<TFloat32> effective;

  /**
   * Builds the weights of one convolution.
   *
   * @param latent [out, in, 3, 3].
   * @param codewords the taps of the codebook as -1 and +1, [2^tau, 9].
   */
  SubBitConvWeights(
      Ops tf,
      TrainingDevice device,
      Layer.Conv conv,
      CodebookPlan plan,
      Parameter latent,
      Parameter codewords) {
    this.tf = tf;
    this.device = device;
    this.conv = conv;
    this.codewordCount = 1 << plan.tau();
    this.latent = latent;
    this.codewords = codewords;
    Operand<TFloat32> kernels =
        tf.reshape(latent.value(), tf.array(conv.out() * conv.in(), Codebook.TAPS));
    this.index =
        plan.tau() == Codebook.MAX_TAU
            ? fullIndex(kernels)
            : nearest(plan.assignment() == Assignment.SCALED ? clipped(kernels) : kernels);
    this.scale =
        tf.math.mean(
            tf.math.abs(latent.value()),
            tf.array(1, 2, 3),
            org.tensorflow.op.math.Mean.keepDims(true));
    Operand<TFloat32> chosen = tf.gather(codewords.value(), index, tf.constant(0));
    this.effective =
        ConvWeights.toHwio(
            tf,
            tf.math.mul(
                tf.reshape(chosen, tf.array(conv.out(), conv.in(), conv.kernel(), conv.kernel())),
                scale));
  }

  /** Weights no larger than {@link Assignment#CLIP} times the mean of their kernel. */
  private Operand<TFloat32> clipped(Operand<TFloat32> kernels) {
    Operand<TFloat32> mean =
        tf.math.mean(
            tf.math.abs(kernels), tf.constant(1), org.tensorflow.op.math.Mean.keepDims(true));
    Operand<TFloat32> bound = tf.math.mul(mean, tf.constant(Assignment.CLIP));
    return tf.math.maximum(tf.math.minimum(kernels, bound), tf.math.neg(bound));
  }

  /**
   * argmax over the codewords of their inner product with the kernel; the first of equals. By TopK,
   * which is faster than ArgMax.
   */
  private Operand<TInt32> nearest(Operand<TFloat32> kernels) {
    Operand<TFloat32> products =
        tf.linalg.matMul(kernels, codewords.value(), MatMul.transposeB(true));
    TopK<TFloat32, TInt32> best = tf.nn.topK(products, tf.constant(1), TInt32.class);
    return best.indices();
  }

  /**
   * The index in the full codebook, where the signs of a kernel are the nearest codeword and its
   * number. Summed up as floats, which hold it exactly: GPUs have no operators on integers for it.
   */
  private Operand<TInt32> fullIndex(Operand<TFloat32> kernels) {
    float[] bits = new float[Codebook.TAPS];
    for (int tap = 0; tap < bits.length; tap++) {
      bits[tap] = 1 << tap;
    }
    Operand<TFloat32> positive =
        tf.dtypes.cast(tf.math.greater(kernels, tf.constant(0f)), TFloat32.class);
    Operand<TFloat32> number =
        tf.reduceSum(
            tf.math.mul(positive, tf.constant(bits)), tf.constant(1), ReduceSum.keepDims(true));
    return tf.dtypes.cast(number, TInt32.class);
  }

  /**
   * The index of every kernel, [out * in, 1]: TensorFlow would make a vector of it in the
   * processor's memory, wherever it is.
   */
  Operand<TInt32> index() {
    return index;
  }

  /** The scale of every output channel, [out, 1, 1, 1]. */
  Operand<TFloat32> scale() {
    return scale;
  }

  /** The codebook's variable. */
  Parameter codewords() {
    return codewords;
  }

  @Override
  public Operand<TFloat32> effective() {
    return effective;
  }

  @Override
  public Parameter trained() {
    return latent;
  }

  @Override
  public Operand<TFloat32> gradient(Operand<TFloat32> effectiveGradient) {
    Operand<TFloat32> inside =
        tf.dtypes.cast(
            tf.math.lessEqual(tf.math.abs(latent.value()), tf.constant(1f)), TFloat32.class);
    return tf.math.mul(tapGradient(effectiveGradient), inside);
  }

  /** The gradient of the codebook's taps, [2^tau, 9]: summed over the kernels with a codeword. */
  Operand<TFloat32> codebookGradient(Operand<TFloat32> effectiveGradient) {
    int count = conv.out() * conv.in();
    Operand<TFloat32> gradient = tapGradient(effectiveGradient);
    if (device == TrainingDevice.GPU) {
      // TensorFlow's kernels that sum segments on GPUs do not repeat to the bit.
      Operand<TFloat32> chosen =
          tf.reshape(
              tf.oneHot(index, tf.constant(codewordCount), tf.constant(1f), tf.constant(0f)),
              tf.array(count, codewordCount));
      Operand<TFloat32> kernels = tf.reshape(gradient, tf.array(count, Codebook.TAPS));
      return tf.linalg.matMul(chosen, kernels, MatMul.transposeA(true));
    }
    // With the index's own shape, which is not that of a vector: see there.
    Operand<TFloat32> kernels = tf.reshape(gradient, tf.array(count, 1, Codebook.TAPS));
    return tf.math.unsortedSegmentSum(kernels, index, tf.constant(codewordCount));
  }

  /** The gradient of the chosen taps, [out, in, 3, 3]. */
  private Operand<TFloat32> tapGradient(Operand<TFloat32> effectiveGradient) {
    return tf.math.mul(ConvWeights.toOihw(tf, effectiveGradient), scale);
  }
}

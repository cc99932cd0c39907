package dev.subbit.tribuo.training.internal.graph.tensorflow;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.codebook.CodebookTaps;
import dev.subbit.tribuo.training.internal.engine.tensorflow.Parameter;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * One stage of sub-bit weights: for each latent kernel the nearest codeword, times the scale of its
 * output channel. Gradients go straight through the choice to the latent weights.
 */
final class SubBitStage {

  private final Ops tf;
  private final PackedConvWeights start;
  private final float[] latentStart;
  private final Parameter latent;
  private final TrainedTensor scale;
  private final Operand<TInt32> index;
  private final Operand<TFloat32> chosen;
  private final Operand<TFloat32> columnOfScales;

  SubBitStage(GraphScope scope, String name, PackedConvWeights start, float[] latentStart) {
    this.tf = scope.tf();
    this.start = start;
    this.latentStart = latentStart;
    int out = start.outChannels();
    int in = start.inChannels();
    this.latent = new Parameter(tf, name + "/latent", out, in, 3, 3);
    this.scale =
        new TrainedTensor(scope, name + "/scale", new long[] {out}, start.scale(), start.scale());
    Operand<TFloat32> codewords =
        scope.constant(
            new long[] {start.codebook().size(), Codebook.TAPS}, CodebookTaps.of(start.codebook()));
    Operand<TFloat32> kernels =
        tf.reshape(latent.value(), tf.constant(new int[] {out * in, Codebook.TAPS}));
    TopK<TFloat32, TInt32> best =
        tf.nn.topK(
            tf.linalg.matMul(kernels, codewords, MatMul.transposeB(true)),
            tf.constant(1),
            TInt32.class);
    this.index = tf.reshape(best.indices(), tf.constant(new int[] {-1}));
    this.chosen =
        tf.reshape(
            tf.gather(codewords, index, tf.constant(0)), tf.constant(new long[] {out, in, 3, 3}));
    this.columnOfScales = tf.reshape(scale.value(), tf.constant(new long[] {out, 1, 1, 1}));
  }

  /** The weights, [out, in, 3, 3]. */
  Operand<TFloat32> weights() {
    return tf.math.mul(chosen, columnOfScales);
  }

  /**
   * The gradient of the latent weights, of large ones, too: stopped there, they could never change
   * their codeword again.
   *
   * @param gradient that of the weights, [out, in, 3, 3].
   */
  Operand<TFloat32> latentGradient(Operand<TFloat32> gradient) {
    return tf.math.mul(gradient, columnOfScales);
  }

  /** The gradient of the change of the scales. */
  Operand<TFloat32> scaleGradient(Operand<TFloat32> gradient, GraphScope scope) {
    Operand<TFloat32> ofScale =
        tf.reduceSum(
            tf.math.mul(gradient, chosen),
            tf.constant(new int[] {1, 2, 3}),
            ReduceSum.keepDims(false));
    return tf.math.mul(ofScale, scope.constant(new long[] {start.outChannels()}, start.scale()));
  }

  PackedConvWeights start() {
    return start;
  }

  float[] latentStart() {
    return latentStart;
  }

  Parameter latent() {
    return latent;
  }

  TrainedTensor scale() {
    return scale;
  }

  /** The index of each kernel, [out * in]. */
  Operand<TInt32> index() {
    return index;
  }
}

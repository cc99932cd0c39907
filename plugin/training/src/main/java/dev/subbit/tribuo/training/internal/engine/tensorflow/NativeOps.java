package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.onnx.NativeLibrary;
import dev.subbit.tribuo.network.Layer;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.OpDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/**
 * Subbit's own operators for TensorFlow: passes over activations that do several layers' work at
 * once, and the convolution of signs by counting bits. A batch may be cut into parts that are
 * computed side by side; what needs the whole batch, the statistics of batch normalisation, is
 * handed from part to part as sums in float64. Not available on every platform.
 *
 * <p>Activations are [N, H, W, channels], everything that belongs to channels is [channels].
 */
final class NativeOps {

  private static final String LIBRARY = "training";

  private static final System.Logger logger = System.getLogger(NativeOps.class.getName());

  private NativeOps() {}

  /** Holds the outcome of the only attempt to load the library. */
  private static final class Loaded {
    /** The names of the operators; none where the library could not be loaded. */
    static final Set<String> OPERATORS = load();
  }

  /**
   * Tests whether this process has the operators. They are loaded at the first call; where that
   * fails, it is logged once, and networks are trained without.
   */
  static boolean areAvailable() {
    return !Loaded.OPERATORS.isEmpty();
  }

  private static Set<String> load() {
    if (System.getProperty("subbit.training.library") == null
        && !NativeLibrary.isPacked(NativeOps.class, LIBRARY)) {
      return Set.of();
    }
    String problem;
    try {
      String path = NativeLibrary.locate(NativeOps.class, LIBRARY).toString();
      Set<String> operators =
          TensorFlow.loadLibrary(path).getOpList().stream()
              .map(OpDef::getName)
              .collect(Collectors.toSet());
      if (!operators.isEmpty()) {
        return operators;
      }
      problem = "it found no TensorFlow to add its operators to";
    } catch (IllegalStateException | TensorFlowException | UnsatisfiedLinkError e) {
      problem = e.getMessage();
    }
    logger.log(Level.WARNING, "Training goes on without Subbit''s own operators: {0}", problem);
    return Set.of();
  }

  /**
   * What follows a convolution: batch normalisation, a residual, a shift, a bend and another shift.
   * {@code u = norm(x) + residual + before, y = max(u, 0) + slope min(u, 0) + after}.
   *
   * @param gamma of the normalisation.
   * @param beta of the normalisation.
   * @param before the shift before the bend.
   * @param slope the bend: 1 for none, 0 for a ReLU.
   * @param after the shift after the bend.
   */
  record NormForm(
      Operand<TFloat32> gamma,
      Operand<TFloat32> beta,
      Operand<TFloat32> before,
      Operand<TFloat32> slope,
      Operand<TFloat32> after) {}

  /**
   * One part of the batch where it passes a normalisation.
   *
   * @param x what is normalised.
   * @param residual one tensor, or none.
   */
  record NormInput(Operand<TFloat32> x, List<Operand<TFloat32>> residual) {}

  /**
   * What a normalisation computes of one part.
   *
   * @param y the part's output.
   * @param mean of all parts.
   * @param variance of all parts, the sum of squares divided by one less than their number.
   */
  record Norm(Operand<TFloat32> y, Operand<TFloat32> mean, Operand<TFloat32> variance) {}

  /**
   * The first half of a normalisation's gradient, of one part.
   *
   * @param inner the gradient of u, which is that of the residual.
   * @param sums what the second half needs of this part.
   */
  record NormSums(Operand<TFloat32> inner, Output<TFloat64> sums) {}

  /**
   * The gradients of a normalisation's parameters, and of what is beside it.
   *
   * @param gamma the gradient of gamma, of all parts, as the following.
   * @param beta the gradient of beta and of the shift before.
   * @param slope the gradient of the slope.
   * @param after the gradient of the shift after.
   */
  record NormGradient(
      Operand<TFloat32> gamma,
      Operand<TFloat32> beta,
      Operand<TFloat32> slope,
      Operand<TFloat32> after) {

    private static NormGradient of(Operation op, int first) {
      return new NormGradient(
          op.output(first), op.output(first + 1), op.output(first + 2), op.output(first + 3));
    }
  }

  /**
   * The second half of a normalisation's gradient.
   *
   * @param x the gradient of the part's x.
   * @param parameters the others.
   */
  record NormBack(Operand<TFloat32> x, NormGradient parameters) {}

  /**
   * What a convolution computes of one part.
   *
   * @param y the part's output.
   * @param moments of y, as {@link #moments} gives them.
   */
  record Convolved(Operand<TFloat32> y, Output<TFloat64> moments) {

    private static Convolved of(Operation op) {
      return new Convolved(op.output(0), op.output(1));
    }
  }

  /**
   * The gradients of a convolution of one part.
   *
   * @param x the gradient of the input.
   * @param weights the gradient of the weights, by this part.
   */
  record ConvGradient(Operand<TFloat32> x, Operand<TFloat32> weights) {}

  /**
   * The gradients of a convolution and of the normalisation behind it, of one part.
   *
   * @param conv of the convolution.
   * @param norm of the normalisation's parameters.
   */
  record NormConvGradient(ConvGradient conv, NormGradient norm) {}

  /**
   * The gradient of what was binarised.
   *
   * @param x the gradient of the part's x.
   * @param shift the gradient of the shift, of this part.
   */
  record SignsGradient(Operand<TFloat32> x, Operand<TFloat32> shift) {}

  /** The number, the mean and the squared distances from it of a part's values, by channel. */
  static Output<TFloat64> moments(Ops tf, Operand<TFloat32> x) {
    return builder(tf, "SubbitMoments").addInput(x.asOutput()).build().output(0);
  }

  /** Normalises one part by the moments of all. */
  static Norm norm(Ops tf, NormInput part, List<Output<TFloat64>> moments, NormForm form) {
    Operation op =
        parts(epsilon(residual(builder(tf, "SubbitNorm"), part)), moments)
            .addInput(part.x().asOutput())
            .addInputList(list(part.residual()))
            .addInputList(list(moments))
            .addInput(form.gamma().asOutput())
            .addInput(form.beta().asOutput())
            .addInput(form.before().asOutput())
            .addInput(form.slope().asOutput())
            .addInput(form.after().asOutput())
            .build();
    return new Norm(op.output(0), op.output(1), op.output(2));
  }

  /**
   * The first half of the gradient.
   *
   * @param gradient the gradient of the part's y, in summands.
   */
  static NormSums normSums(
      Ops tf,
      List<Operand<TFloat32>> gradient,
      NormInput part,
      List<Output<TFloat64>> moments,
      NormForm form) {
    Operation op =
        parts(epsilon(residual(builder(tf, "SubbitNormSums"), part)), moments)
            .setAttr("summands", gradient.size())
            .addInputList(list(gradient))
            .addInput(part.x().asOutput())
            .addInputList(list(part.residual()))
            .addInputList(list(moments))
            .addInput(form.gamma().asOutput())
            .addInput(form.beta().asOutput())
            .addInput(form.before().asOutput())
            .addInput(form.slope().asOutput())
            .build();
    return new NormSums(op.output(0), op.output(1));
  }

  /**
   * The second half of the gradient.
   *
   * @param inner the first half's, of this part.
   * @param sums the first half's, of all parts.
   */
  static NormBack normGradient(
      Ops tf,
      Operand<TFloat32> inner,
      Operand<TFloat32> x,
      List<Output<TFloat64>> sums,
      List<Output<TFloat64>> moments,
      Operand<TFloat32> gamma) {
    Operation op =
        parts(epsilon(builder(tf, "SubbitNormGradient")), moments)
            .addInput(inner.asOutput())
            .addInput(x.asOutput())
            .addInputList(list(sums))
            .addInputList(list(moments))
            .addInput(gamma.asOutput())
            .build();
    return new NormBack(op.output(0), NormGradient.of(op, 1));
  }

  /**
   * A 3x3 convolution of the signs of x + shift, padded by one pixel that adds nothing.
   *
   * @param weights [3, 3, in, out], in each output of one magnitude.
   */
  static Convolved binaryConv(
      Ops tf, Operand<TFloat32> x, Operand<TFloat32> shift, Operand<TFloat32> weights, int stride) {
    return Convolved.of(
        builder(tf, "SubbitBinaryConv")
            .setAttr("stride", stride)
            .addInput(x.asOutput())
            .addInput(shift.asOutput())
            .addInput(weights.asOutput())
            .build());
  }

  /** The channels that a convolution of floats takes are a multiple of this. */
  private static final int CONV_CHANNELS = 16;

  /**
   * Tests whether {@link #conv} and its gradients are for a convolution: 3x3, with channels in
   * blocks, on processors on which they are faster than TensorFlow's.
   */
  static boolean convolves(Layer.Conv conv) {
    return Loaded.OPERATORS.contains("SubbitConv")
        && conv.kernel() == 3
        && conv.in() % CONV_CHANNELS == 0
        && conv.out() % CONV_CHANNELS == 0;
  }

  /**
   * A 3x3 convolution, padded by one pixel of zeros.
   *
   * @param weights [3, 3, in, out].
   */
  static Convolved conv(Ops tf, Operand<TFloat32> x, Operand<TFloat32> weights, int stride) {
    return Convolved.of(
        builder(tf, "SubbitConv")
            .setAttr("stride", stride)
            .addInput(x.asOutput())
            .addInput(weights.asOutput())
            .build());
  }

  /**
   * The gradients of {@link #conv}.
   *
   * @param gradient that of the output.
   */
  static ConvGradient convGradients(
      Ops tf,
      Operand<TFloat32> x,
      Operand<TFloat32> weights,
      Operand<TFloat32> gradient,
      int stride) {
    Operation op =
        builder(tf, "SubbitConvGradients")
            .setAttr("stride", stride)
            .addInput(x.asOutput())
            .addInput(weights.asOutput())
            .addInput(gradient.asOutput())
            .build();
    return new ConvGradient(op.output(0), op.output(1));
  }

  /**
   * The gradients of {@link #conv} and of a normalisation behind it, without the tensor between
   * them.
   *
   * @param output the convolution's, which is normalised.
   * @param inner the first half of the normalisation's gradient, of this part.
   * @param sums the first half's, of all parts.
   */
  static NormConvGradient normConvGradients(
      Ops tf,
      Operand<TFloat32> x,
      Operand<TFloat32> weights,
      int stride,
      Operand<TFloat32> output,
      Operand<TFloat32> inner,
      List<Output<TFloat64>> sums,
      List<Output<TFloat64>> moments,
      Operand<TFloat32> gamma) {
    Operation op =
        parts(epsilon(builder(tf, "SubbitNormConvGradients")), moments)
            .setAttr("stride", stride)
            .addInput(x.asOutput())
            .addInput(weights.asOutput())
            .addInput(output.asOutput())
            .addInput(inner.asOutput())
            .addInputList(list(sums))
            .addInputList(list(moments))
            .addInput(gamma.asOutput())
            .build();
    return new NormConvGradient(
        new ConvGradient(op.output(0), op.output(1)), NormGradient.of(op, 2));
  }

  /** The signs of x + shift, that of 0 being 1. */
  static Operand<TFloat32> signs(Ops tf, Operand<TFloat32> x, Operand<TFloat32> shift) {
    return builder(tf, "SubbitSigns")
        .addInput(x.asOutput())
        .addInput(shift.asOutput())
        .build()
        .output(0);
  }

  /**
   * The gradient through {@link #signs}: the straight-through estimator of Bi-Real net (Liu et al.,
   * 2018, section 3.2), which gives binarisation the derivative max(0, 2 - 2|x + shift|).
   *
   * @param gradient of the signs.
   */
  static SignsGradient signsGradient(
      Ops tf, Operand<TFloat32> gradient, Operand<TFloat32> x, Operand<TFloat32> shift) {
    Operation op =
        builder(tf, "SubbitSignsGradient")
            .addInput(gradient.asOutput())
            .addInput(x.asOutput())
            .addInput(shift.asOutput())
            .build();
    return new SignsGradient(op.output(0), op.output(1));
  }

  private static OperationBuilder builder(Ops tf, String type) {
    return tf.scope().opBuilder(type, type);
  }

  private static OperationBuilder epsilon(OperationBuilder builder) {
    return builder.setAttr("epsilon", Layer.BatchNorm.EPSILON);
  }

  private static OperationBuilder parts(OperationBuilder builder, List<Output<TFloat64>> moments) {
    return builder.setAttr("parts", moments.size());
  }

  private static OperationBuilder residual(OperationBuilder builder, NormInput part) {
    return builder.setAttr("residuals", part.residual().size());
  }

  private static Output<?>[] list(List<? extends Operand<?>> operands) {
    return operands.stream().map(Operand::asOutput).toArray(Output<?>[]::new);
  }
}

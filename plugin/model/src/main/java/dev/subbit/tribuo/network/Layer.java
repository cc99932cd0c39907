package dev.subbit.tribuo.network;

import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The layer vocabulary: everything a network is made of. The trainer, the exporter, the quantizer
 * and the size counter all read it, and nothing else describes a network. Tensors are NCHW. Names
 * of a layer's parameters are given with each layer; a parameter's full name is {@code
 * <node>/<parameter>}.
 *
 * <p>Code that has a rule for every kind of layer is a {@link Visitor}, so that a new kind does not
 * compile until each of these rules covers it. Code that looks for layers of one kind may ask with
 * {@code instanceof}.
 */
public sealed interface Layer {

  /**
   * Calls the visitor's method for this kind of layer.
   *
   * @param visitor a rule for every kind of layer.
   * @param <R> what the rule returns.
   * @return what the method returned.
   */
  <R> R accept(Visitor<R> visitor);

  /** The image, raw pixel values 0 to 255, [N, C, H, W]. Exactly one, and the first node. */
  record Input() implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.input(this);
    }
  }

  /**
   * A fixed affine map of the pixels, {@code scale * x + offset}, the same for every channel.
   *
   * @param scale the factor.
   * @param offset the summand.
   */
  record Normalize(float scale, float offset) implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.normalize(this);
    }
  }

  /** How a convolution holds its weights. */
  enum Weights {
    /** 32-bit floats. */
    FLOAT,
    /** One index into the layer's codebook per 3x3 kernel, and one scale per output channel. */
    SUB_BIT
  }

  /** How a convolution uses its input. */
  enum Activations {
    /** Used as it is. */
    REAL,
    /** Binarised first: {@code x >= 0 ? +1 : -1}; the zero padding adds 0. */
    BINARY
  }

  /**
   * A square convolution with "same"-style padding of {@code kernel / 2} on every side, without
   * bias. Parameter: {@code weight} [out, in, kernel, kernel], the latent weights where {@code
   * weights} is SUB_BIT.
   *
   * @param in input channels.
   * @param out output channels.
   * @param kernel 1, 3 or 7; SUB_BIT needs 3.
   * @param stride 1 or 2.
   * @param weights how the weights are held.
   * @param activations how the input is used.
   */
  record Conv(int in, int out, int kernel, int stride, Weights weights, Activations activations)
      implements Layer {
    /** The kernel sizes that there are. */
    public static final SortedSet<Integer> KERNELS =
        Collections.unmodifiableSortedSet(new TreeSet<>(List.of(1, 3, 7)));

    /** The kernel size that sub-bit weights need. */
    public static final int SUB_BIT_KERNEL = 3;

    // Checks that the sizes are those of this vocabulary.
    public Conv {
      if (in < 1 || out < 1 || !KERNELS.contains(kernel) || (stride != 1 && stride != 2)) {
        throw new IllegalArgumentException(
            "Not a convolution of this vocabulary: "
                + in
                + ", "
                + out
                + ", "
                + kernel
                + ", "
                + stride);
      }
      if (weights == Weights.SUB_BIT && kernel != SUB_BIT_KERNEL) {
        throw new IllegalArgumentException("Sub-bit weights need a 3x3 kernel, found " + kernel);
      }
    }

    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.conv(this);
    }
  }

  /**
   * Batch normalisation over N, H, W with epsilon {@value #EPSILON}. Parameters: {@code gamma},
   * {@code beta}, {@code mean}, {@code variance}, each [channels].
   *
   * @param channels number of channels.
   */
  record BatchNorm(int channels) implements Layer {
    /** Added to the variance. */
    public static final float EPSILON = 1e-5f;

    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.batchNorm(this);
    }
  }

  /** max(x, 0). */
  record Relu() implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.relu(this);
    }
  }

  /**
   * A learnable shift per channel, {@code x + shift}; before a binarising convolution it is
   * ReActNet's RSign threshold. Parameter: {@code shift} [channels].
   *
   * @param channels number of channels.
   */
  record Shift(int channels) implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.shift(this);
    }
  }

  /**
   * x where positive, {@code slope * x} elsewhere. Parameter: {@code slope} [channels].
   *
   * @param channels number of channels.
   */
  record PRelu(int channels) implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.prelu(this);
    }
  }

  /** The sum of two inputs of one shape. */
  record Add() implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.add(this);
    }
  }

  /**
   * 2x2 average pooling with stride 2; a last odd row or column is averaged over what there is of
   * it.
   */
  record AveragePool() implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.averagePool(this);
    }
  }

  /**
   * Max pooling with stride 2: output row y is the largest of the rows from {@code 2 * y - (kernel
   * - 1) / 2} on, {@code kernel} of them as far as they exist, and columns likewise. Kernel 2 pools
   * what it finds of a last odd row or column; kernel 3 is the padding by 1 of ImageNet's residual
   * networks. Either way the output has half the rows and columns, rounded up.
   *
   * @param kernel 2 or 3.
   */
  record MaxPool(int kernel) implements Layer {
    // Checks that the kernel is one of the two sizes.
    public MaxPool {
      if (kernel != 2 && kernel != 3) {
        throw new IllegalArgumentException("Max pooling needs a kernel of 2 or 3, found " + kernel);
      }
    }

    /**
     * The number of rows and columns by which the first windows reach over the edge.
     *
     * @return 0 or 1.
     */
    public int padding() {
      return (kernel - 1) / 2;
    }

    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.maxPool(this);
    }
  }

  /** The mean over H and W: [N, C, H, W] to [N, C]. */
  record GlobalAveragePool() implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.globalAveragePool(this);
    }
  }

  /** [N, C, H, W] to [N, C * H * W], channel by channel, each row-major. */
  record Flatten() implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.flatten(this);
    }
  }

  /**
   * A fully connected layer, [N, in] to [N, out]. Parameters: {@code weight} [out, in], {@code
   * bias} [out].
   *
   * @param in input features.
   * @param out output features.
   */
  record Dense(int in, int out) implements Layer {
    @Override
    public <R> R accept(Visitor<R> visitor) {
      return visitor.dense(this);
    }
  }

  /**
   * A rule for every kind of layer: one method for each, called by {@link Layer#accept}.
   *
   * @param <R> what the rule returns.
   */
  interface Visitor<R> {
    /**
     * The rule for the image.
     *
     * @param input the layer.
     * @return its result.
     */
    R input(Input input);

    /**
     * The rule for an affine map of the pixels.
     *
     * @param normalize the layer.
     * @return its result.
     */
    R normalize(Normalize normalize);

    /**
     * The rule for a convolution.
     *
     * @param conv the layer.
     * @return its result.
     */
    R conv(Conv conv);

    /**
     * The rule for a batch normalisation.
     *
     * @param norm the layer.
     * @return its result.
     */
    R batchNorm(BatchNorm norm);

    /**
     * The rule for a ReLU.
     *
     * @param relu the layer.
     * @return its result.
     */
    R relu(Relu relu);

    /**
     * The rule for a shift per channel.
     *
     * @param shift the layer.
     * @return its result.
     */
    R shift(Shift shift);

    /**
     * The rule for a PReLU.
     *
     * @param prelu the layer.
     * @return its result.
     */
    R prelu(PRelu prelu);

    /**
     * The rule for a sum.
     *
     * @param add the layer.
     * @return its result.
     */
    R add(Add add);

    /**
     * The rule for an average pooling.
     *
     * @param pool the layer.
     * @return its result.
     */
    R averagePool(AveragePool pool);

    /**
     * The rule for a max pooling.
     *
     * @param pool the layer.
     * @return its result.
     */
    R maxPool(MaxPool pool);

    /**
     * The rule for a mean over height and width.
     *
     * @param pool the layer.
     * @return its result.
     */
    R globalAveragePool(GlobalAveragePool pool);

    /**
     * The rule for a flattening.
     *
     * @param flatten the layer.
     * @return its result.
     */
    R flatten(Flatten flatten);

    /**
     * The rule for a fully connected layer.
     *
     * @param dense the layer.
     * @return its result.
     */
    R dense(Dense dense);
  }
}

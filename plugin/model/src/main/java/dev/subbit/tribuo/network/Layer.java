package dev.subbit.tribuo.network;

/**
 * The layer vocabulary: everything a network is made of. The trainer, the exporter, the quantizer
 * and the size counter all read it, and nothing else describes a network. Tensors are NCHW. Names
 * of a layer's parameters are given with each layer; a parameter's full name is {@code
 * <node>/<parameter>}.
 */
public sealed interface Layer {

  /** The image, raw pixel values 0 to 255, [N, C, H, W]. Exactly one, and the first node. */
  record Input() implements Layer {}

  /**
   * A fixed affine map of the pixels, {@code scale * x + offset}, the same for every channel.
   *
   * @param scale the factor.
   * @param offset the summand.
   */
  record Normalize(float scale, float offset) implements Layer {}

  /** How a convolution holds its weights. */
  enum Weights {
    /** 32-bit floats. */
    FLOAT,
    /** One index into the layer's codebook a 3x3 kernel, one scale an output channel. */
    SUB_BIT
  }

  /** What a convolution makes of its input. */
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
   * @param activations what is made of the input.
   */
  record Conv(int in, int out, int kernel, int stride, Weights weights, Activations activations)
      implements Layer {
    // Checks the sizes.
    public Conv {
      if (in < 1
          || out < 1
          || (kernel != 1 && kernel != 3 && kernel != 7)
          || (stride != 1 && stride != 2)) {
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
      if (weights == Weights.SUB_BIT && kernel != 3) {
        throw new IllegalArgumentException("Sub-bit weights need a 3x3 kernel, found " + kernel);
      }
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
  }

  /** max(x, 0). */
  record Relu() implements Layer {}

  /**
   * A learnable shift per channel, {@code x + shift}; before a binarising convolution it is
   * ReActNet's RSign threshold. Parameter: {@code shift} [channels].
   *
   * @param channels number of channels.
   */
  record Shift(int channels) implements Layer {}

  /**
   * x where positive, {@code slope * x} elsewhere. Parameter: {@code slope} [channels].
   *
   * @param channels number of channels.
   */
  record PRelu(int channels) implements Layer {}

  /** The sum of two inputs of one shape. */
  record Add() implements Layer {}

  /**
   * 2x2 average pooling with stride 2; a last odd row or column is averaged over what there is of
   * it.
   */
  record AveragePool() implements Layer {}

  /**
   * Max pooling with stride 2: output row y is the largest of the rows from {@code 2 * y - (kernel
   * - 1) / 2} on, {@code kernel} of them as far as they exist, and columns likewise. Kernel 2 pools
   * what it finds of a last odd row or column; kernel 3 is the padding by 1 of ImageNet's residual
   * networks. Either way the output has half the rows and columns, rounded up.
   *
   * @param kernel 2 or 3.
   */
  record MaxPool(int kernel) implements Layer {
    // Checks the size.
    public MaxPool {
      if (kernel != 2 && kernel != 3) {
        throw new IllegalArgumentException("Max pooling needs a kernel of 2 or 3, found " + kernel);
      }
    }

    /**
     * Rows and columns that the first windows reach over the edge.
     *
     * @return 0 or 1.
     */
    public int padding() {
      return (kernel - 1) / 2;
    }
  }

  /** The mean over H and W: [N, C, H, W] to [N, C]. */
  record GlobalAveragePool() implements Layer {}

  /** [N, C, H, W] to [N, C * H * W], channel by channel, each row-major. */
  record Flatten() implements Layer {}

  /**
   * A fully connected layer, [N, in] to [N, out]. Parameters: {@code weight} [out, in], {@code
   * bias} [out].
   *
   * @param in input features.
   * @param out output features.
   */
  record Dense(int in, int out) implements Layer {}
}

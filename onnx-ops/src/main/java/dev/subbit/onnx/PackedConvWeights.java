package dev.subbit.onnx;

import java.util.Arrays;

/**
 * The weights of one sub-bit 3x3 convolution as they are stored: a codebook, one tau-bit index per
 * kernel, and one scale per output channel. The weight of output channel o, input channel c and tap
 * t is {@code scale[o] * codebook[index[o, c]][t]}.
 *
 * <p>Instances are immutable; arrays are copied in and out.
 */
public final class PackedConvWeights {

  private final int outChannels;
  private final int inChannels;
  private final Codebook codebook;
  private final byte[] index;
  private final float[] scale;

  /**
   * Creates weights from indices that are already packed.
   *
   * @param outChannels output channels, at least 1.
   * @param inChannels input channels of one group, at least 1.
   * @param codebook the layer's codebook.
   * @param index the indices as {@link BitPlanes}, in [outChannels, inChannels] order.
   * @param scale one finite scale per output channel.
   * @throws IllegalArgumentException if sizes do not match or a scale is not finite.
   */
  public PackedConvWeights(
      int outChannels, int inChannels, Codebook codebook, byte[] index, float[] scale) {
    if (outChannels < 1 || inChannels < 1) {
      throw new IllegalArgumentException(
          "Channels must be positive, found " + outChannels + " out, " + inChannels + " in");
    }
    if (scale.length != outChannels) {
      throw new IllegalArgumentException(
          outChannels + " output channels need as many scales, found " + scale.length);
    }
    for (int o = 0; o < outChannels; o++) {
      if (!Float.isFinite(scale[o])) {
        throw new IllegalArgumentException("The scale of output channel " + o + " is " + scale[o]);
      }
    }
    BitPlanes.decode(index, codebook.tau(), Math.multiplyExact(outChannels, inChannels));
    this.outChannels = outChannels;
    this.inChannels = inChannels;
    this.codebook = codebook;
    this.index = index.clone();
    this.scale = scale.clone();
  }

  /**
   * Creates weights from unpacked indices.
   *
   * @param inChannels input channels of one group, at least 1.
   * @param codebook the layer's codebook.
   * @param indices one index per kernel, in [outChannels, inChannels] order.
   * @param scale one finite scale per output channel; its length is the number of output channels.
   * @return the packed weights.
   * @throws IllegalArgumentException if sizes do not match, an index is out of range or a scale is
   *     not finite.
   */
  public static PackedConvWeights pack(
      int inChannels, Codebook codebook, int[] indices, float[] scale) {
    if (indices.length != (long) scale.length * inChannels) {
      throw new IllegalArgumentException(
          scale.length
              + " x "
              + inChannels
              + " kernels need as many indices, found "
              + indices.length);
    }
    return new PackedConvWeights(
        scale.length, inChannels, codebook, BitPlanes.encode(indices, codebook.tau()), scale);
  }

  /**
   * Returns the number of output channels.
   *
   * @return at least 1.
   */
  public int outChannels() {
    return outChannels;
  }

  /**
   * Returns the number of input channels in one group.
   *
   * @return at least 1.
   */
  public int inChannels() {
    return inChannels;
  }

  /**
   * Returns the layer's codebook.
   *
   * @return the codebook.
   */
  public Codebook codebook() {
    return codebook;
  }

  /**
   * Returns the packed indices.
   *
   * @return a copy of the bit planes, [tau, ceil(outChannels * inChannels / 8)].
   */
  public byte[] index() {
    return index.clone();
  }

  /**
   * Returns the indices, unpacked.
   *
   * @return one index per kernel, in [outChannels, inChannels] order.
   */
  public int[] indices() {
    return BitPlanes.decode(index, codebook.tau(), outChannels * inChannels);
  }

  /**
   * Returns the scales.
   *
   * @return a copy, with one scale per output channel.
   */
  public float[] scale() {
    return scale.clone();
  }

  /**
   * Returns the same kernels with other scales, as needed to fold batch normalisation into the
   * convolution.
   *
   * @param newScale one finite scale per output channel.
   * @return the rescaled weights.
   * @throws IllegalArgumentException if the number of scales does not match or a scale is not
   *     finite.
   */
  public PackedConvWeights withScale(float[] newScale) {
    return new PackedConvWeights(outChannels, inChannels, codebook, index, newScale);
  }

  /**
   * Computes the dense weights that the packed ones represent.
   *
   * @return [outChannels, inChannels, 3, 3], row-major.
   */
  public float[] toDense() {
    float[] dense = new float[Math.multiplyExact(outChannels * inChannels, Codebook.TAPS)];
    int[] indices = indices();
    for (int i = 0; i < dense.length; i++) {
      int kernel = i / Codebook.TAPS;
      dense[i] = scale[kernel / inChannels] * codebook.tap(indices[kernel], i % Codebook.TAPS);
    }
    return dense;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof PackedConvWeights)) {
      return false;
    }
    PackedConvWeights that = (PackedConvWeights) other;
    return outChannels == that.outChannels
        && inChannels == that.inChannels
        && codebook.equals(that.codebook)
        && Arrays.equals(index, that.index)
        && Arrays.equals(scale, that.scale);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(index) + Arrays.hashCode(scale);
  }
}

package dev.subbit.onnx;

import java.util.Arrays;

/**
 * The weights of one sub-bit 3x3 convolution as they are stored: a codebook, one tau-bit index a
 * kernel, one scale an output channel. The weight of output channel o, input channel c and tap t is
 * {@code scale[o] * codebook[index[o, c]][t]}.
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
   * Makes packed weights.
   *
   * @param outChannels output channels, at least 1.
   * @param inChannels input channels of one group, at least 1.
   * @param codebook the layer's codebook.
   * @param index the indices as {@link BitPlanes}, in [outChannels, inChannels] order.
   * @param scale one finite scale an output channel.
   * @throws IllegalArgumentException if a size does not fit or a scale is not finite.
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
   * Packs indices.
   *
   * @param inChannels input channels of one group, at least 1.
   * @param codebook the layer's codebook.
   * @param indices one index a kernel, in [outChannels, inChannels] order.
   * @param scale one finite scale an output channel; its length is the number of output channels.
   * @return the packed weights.
   * @throws IllegalArgumentException if a size does not fit, an index is out of range or a scale is
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
   * Output channels.
   *
   * @return at least 1.
   */
  public int outChannels() {
    return outChannels;
  }

  /**
   * Input channels of one group.
   *
   * @return at least 1.
   */
  public int inChannels() {
    return inChannels;
  }

  /**
   * The layer's codebook.
   *
   * @return the codebook.
   */
  public Codebook codebook() {
    return codebook;
  }

  /**
   * The packed indices.
   *
   * @return a copy of the bit planes, [tau, ceil(outChannels * inChannels / 8)].
   */
  public byte[] index() {
    return index.clone();
  }

  /**
   * The indices, unpacked.
   *
   * @return one index a kernel, in [outChannels, inChannels] order.
   */
  public int[] indices() {
    return BitPlanes.decode(index, codebook.tau(), outChannels * inChannels);
  }

  /**
   * The scales.
   *
   * @return a copy, one an output channel.
   */
  public float[] scale() {
    return scale.clone();
  }

  /**
   * The same kernels under other scales, as folding a batch norm into the convolution needs.
   *
   * @param newScale one finite scale an output channel.
   * @return the rescaled weights.
   * @throws IllegalArgumentException if the size does not fit or a scale is not finite.
   */
  public PackedConvWeights withScale(float[] newScale) {
    return new PackedConvWeights(outChannels, inChannels, codebook, index, newScale);
  }

  /**
   * The dense weights that these stand for.
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

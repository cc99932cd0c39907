package dev.subbit.onnx;

/**
 * What sub-bit convolutions take as they are stored in a model file: the one counter of stored
 * bits, for models, exported files and quantized layers. What the paper counts, before there is a
 * file, is another thing: its codebooks are bits, those of a file are bytes.
 *
 * @param weights number of weights that the layers stand for.
 * @param indexBytes bytes of the index planes.
 * @param codebookBytes bytes of the codebooks, one per tap.
 * @param floatBytes bytes of scales and biases, four each.
 */
public record StoredSize(long weights, long indexBytes, long codebookBytes, long floatBytes) {

  /** The size of nothing. */
  public static final StoredSize NONE = new StoredSize(0, 0, 0, 0);

  /**
   * Counts one layer, without bias.
   *
   * @param packed its weights.
   * @return the size.
   */
  public static StoredSize of(PackedConvWeights packed) {
    return new StoredSize(
        (long) packed.outChannels() * packed.inChannels() * Codebook.TAPS,
        packed.index().length,
        (long) packed.codebook().size() * Codebook.TAPS,
        (long) Float.BYTES * packed.outChannels());
  }

  /**
   * Adds a second summand of the same weights, as of a convolution of several stages or of another
   * layer.
   *
   * @param other the other size.
   * @return both together; weights are added, too.
   */
  public StoredSize plus(StoredSize other) {
    return new StoredSize(
        weights + other.weights,
        indexBytes + other.indexBytes,
        codebookBytes + other.codebookBytes,
        floatBytes + other.floatBytes);
  }

  /**
   * Adds biases, or scales beside those of the weights.
   *
   * @param number how many, of four bytes each.
   * @return the size with them.
   */
  public StoredSize withFloats(int number) {
    return new StoredSize(
        weights, indexBytes, codebookBytes, floatBytes + (long) Float.BYTES * number);
  }

  /**
   * The same bytes, shared by another number of weights: the stages of one convolution stand for
   * one set of weights.
   *
   * @param number number of weights.
   * @return the size.
   */
  public StoredSize forWeights(long number) {
    return new StoredSize(number, indexBytes, codebookBytes, floatBytes);
  }

  /**
   * All bytes.
   *
   * @return indices, codebooks, scales and biases.
   */
  public long bytes() {
    return indexBytes + codebookBytes + floatBytes;
  }

  /**
   * Bits of the indices per weight.
   *
   * @return tau / 9 where all layers have the same tau, but for the last byte of a plane; 0 without
   *     weights.
   */
  public double indexBitsPerWeight() {
    return weights == 0 ? 0 : 8.0 * indexBytes / weights;
  }

  /**
   * Bits of everything that is stored per weight.
   *
   * @return bits; 0 without weights.
   */
  public double storedBitsPerWeight() {
    return weights == 0 ? 0 : 8.0 * bytes() / weights;
  }
}

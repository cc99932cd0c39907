package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Weights of any shape as a sum of stages. The weights of an output (a row: everything behind the
 * first axis) are cut into vectors of {@link #taps} neighbours, the last one maybe longer than what
 * is left. A stage has a codebook of 2^tau such vectors of int8 numbers, one index for each vector
 * of the weights, and one scale for each row:
 *
 * <pre>weights[o] = sum over s of scale[s][o] * (codebook[s][index[s][o][0]], ...[1], ...)</pre>
 *
 * <p>Immutable, and safe for use by many threads.
 */
public final class CodedWeights {

  /** Largest number of stages. */
  public static final int MAX_STAGES = 8;

  private final long[] shape;
  private final int tau;
  private final int taps;
  private final int rows;
  private final int rowSize;
  private final byte[] codebook;
  private final byte[] index;
  private final float[] scale;

  /**
   * Makes weights of what a file holds.
   *
   * @param shape their shape, with at least one axis.
   * @param tau bits of an index, 1 to 9.
   * @param taps values of a codeword, at least 1.
   * @param codebook the codewords, [stages, 2^tau, taps].
   * @param index the indices: for each stage {@link BitPlanes} of [rows, vectors], one behind the
   *     other.
   * @param scale the scales, [stages, rows], finite.
   * @throws IllegalArgumentException if sizes do not fit each other or a scale is not finite.
   */
  public CodedWeights(
      long[] shape, int tau, int taps, byte[] codebook, byte[] index, float[] scale) {
    Codebook.requireTau(tau);
    if (shape.length == 0 || Arrays.stream(shape).anyMatch(size -> size < 1) || taps < 1) {
      throw new IllegalArgumentException(
          "Weights of the shape " + Arrays.toString(shape) + " have no vectors of " + taps);
    }
    this.shape = shape.clone();
    this.tau = tau;
    this.taps = taps;
    this.rows = Math.toIntExact(shape[0]);
    this.rowSize = Math.toIntExact(Arrays.stream(shape).skip(1).reduce(1, Math::multiplyExact));
    Math.multiplyExact(rows, rowSize);
    this.codebook = codebook.clone();
    this.index = index.clone();
    this.scale = scale.clone();
    int stages = scale.length / rows;
    long planeBytes = BitPlanes.planeBytes(Math.multiplyExact(rows, vectors()));
    boolean fits =
        stages >= 1
            && stages <= MAX_STAGES
            && scale.length == stages * rows
            && codebook.length == (long) stages * taps << tau
            && index.length == stages * tau * planeBytes;
    if (!fits) {
      throw new IllegalArgumentException(
          String.format(
              "%d scales, %d codebook values and %d index bytes are not 1 to %d stages of %d"
                  + " vectors in %d rows, of %d values and %d bits each",
              scale.length, codebook.length, index.length, MAX_STAGES, vectors(), rows, taps, tau));
    }
    for (float each : scale) {
      if (!Float.isFinite(each)) {
        throw new IllegalArgumentException("A scale is " + each);
      }
    }
  }

  /**
   * Makes weights of unpacked stages.
   *
   * @param shape their shape.
   * @param taps values of a codeword.
   * @param codebooks the codewords of each stage, [2^tau, taps].
   * @param indices the indices of each stage, [rows, vectors].
   * @param scales the scales of each stage, one for each row.
   * @return the weights.
   * @throws IllegalArgumentException as the constructor, or if an index is out of range.
   */
  public static CodedWeights pack(
      long[] shape, int taps, List<byte[]> codebooks, List<int[]> indices, List<float[]> scales) {
    int words = codebooks.get(0).length / taps;
    int tau = Integer.numberOfTrailingZeros(words);
    List<byte[]> planes = new ArrayList<>();
    indices.forEach(stage -> planes.add(BitPlanes.encode(stage, tau)));
    float[] scale = new float[scales.size() * scales.get(0).length];
    for (int s = 0; s < scales.size(); s++) {
      System.arraycopy(scales.get(s), 0, scale, s * scales.get(s).length, scales.get(s).length);
    }
    return new CodedWeights(shape, tau, taps, joined(codebooks), joined(planes), scale);
  }

  /**
   * Makes weights of several sub-bit convolutions that are to be added.
   *
   * @param stages the convolutions' weights, of one shape and tau; at least one.
   * @return their sum.
   */
  public static CodedWeights of(List<PackedConvWeights> stages) {
    PackedConvWeights first = stages.get(0);
    List<byte[]> codebooks = new ArrayList<>();
    stages.forEach(stage -> codebooks.add(stage.codebook().toTaps()));
    List<float[]> scales = stages.stream().map(PackedConvWeights::scale).toList();
    float[] scale = new float[stages.size() * first.outChannels()];
    for (int s = 0; s < stages.size(); s++) {
      System.arraycopy(scales.get(s), 0, scale, s * first.outChannels(), first.outChannels());
    }
    return new CodedWeights(
        new long[] {first.outChannels(), first.inChannels(), 3, 3},
        first.codebook().tau(),
        Codebook.TAPS,
        joined(codebooks),
        joined(stages.stream().map(PackedConvWeights::index).toList()),
        scale);
  }

  static CodedWeights of(
      TensorProto index, TensorProto codebook, TensorProto scale, TensorProto shape) {
    if (codebook.getDimsCount() != 3) {
      throw new IllegalArgumentException("its codebook has not three axes");
    }
    long[] dims = new long[shape.getRawData().size() / Long.BYTES];
    shape
        .getRawData()
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asLongBuffer()
        .get(dims);
    long words = codebook.getDims(1);
    if (Long.bitCount(words) != 1) {
      throw new IllegalArgumentException("it has " + words + " codewords");
    }
    return of(
        dims,
        Long.numberOfTrailingZeros(words),
        Math.toIntExact(codebook.getDims(2)),
        index,
        codebook,
        scale);
  }

  /** Of tensors with raw data. */
  static CodedWeights of(
      long[] shape, int tau, int taps, TensorProto index, TensorProto codebook, TensorProto scale) {
    float[] scales = new float[scale.getRawData().size() / Float.BYTES];
    scale
        .getRawData()
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(scales);
    return new CodedWeights(
        shape,
        tau,
        taps,
        codebook.getRawData().toByteArray(),
        index.getRawData().toByteArray(),
        scales);
  }

  private static byte[] joined(List<byte[]> parts) {
    byte[] whole = new byte[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, whole, at, part.length);
      at += part.length;
    }
    return whole;
  }

  /**
   * Returns the shape of the weights.
   *
   * @return a copy.
   */
  public long[] shape() {
    return shape.clone();
  }

  /**
   * Returns the number of bits of an index.
   *
   * @return 1 to 9.
   */
  public int tau() {
    return tau;
  }

  /**
   * Returns the number of values of a codeword.
   *
   * @return at least 1; 9 for 3x3 kernels.
   */
  public int taps() {
    return taps;
  }

  /**
   * Returns the number of outputs.
   *
   * @return the length of the first axis.
   */
  public int rows() {
    return rows;
  }

  /**
   * Returns the number of vectors of one row.
   *
   * @return the number of values of a row over those of a codeword, rounded up.
   */
  public int vectors() {
    return (rowSize + taps - 1) / taps;
  }

  /**
   * Returns the number of summands.
   *
   * @return 1 to 8.
   */
  public int stages() {
    return scale.length / rows;
  }

  /**
   * Returns all codewords.
   *
   * @return a copy, [stages, 2^tau, taps].
   */
  public byte[] codebook() {
    return codebook.clone();
  }

  /**
   * Returns all bit planes.
   *
   * @return a copy, [stages * tau, bytes of a plane].
   */
  public byte[] index() {
    return index.clone();
  }

  /**
   * Returns all scales.
   *
   * @return a copy, [stages, rows].
   */
  public float[] scale() {
    return scale.clone();
  }

  /**
   * Unpacks the indices of one stage.
   *
   * @param stage number of the stage, from 0 on.
   * @return [rows, vectors].
   */
  public int[] indices(int stage) {
    int each = index.length / stages();
    return BitPlanes.decode(
        Arrays.copyOfRange(index, stage * each, (stage + 1) * each), tau, rows * vectors());
  }

  /**
   * Whether the weights are sums of the weights of sub-bit convolutions: 3x3 kernels of signs.
   *
   * @return true if {@link #convolutions} gives them.
   */
  public boolean isSigns() {
    return shape.length == 4
        && shape[2] == 3
        && shape[3] == 3
        && taps == Codebook.TAPS
        && IntStream.range(0, codebook.length).allMatch(i -> Math.abs(codebook[i]) == 1);
  }

  /**
   * The weights of the sub-bit convolutions that these are the sum of.
   *
   * @return one for each stage.
   * @throws IllegalArgumentException if they are not 3x3 kernels of signs.
   */
  public List<PackedConvWeights> convolutions() {
    if (!isSigns()) {
      throw new IllegalArgumentException(
          "Weights " + Arrays.toString(shape) + " are not 3x3 kernels of signs");
    }
    int planes = index.length / stages();
    int words = codebook.length / stages();
    List<PackedConvWeights> convolutions = new ArrayList<>();
    for (int s = 0; s < stages(); s++) {
      convolutions.add(
          new PackedConvWeights(
              rows,
              Math.toIntExact(shape[1]),
              Codebook.ofTaps(tau, Arrays.copyOfRange(codebook, s * words, (s + 1) * words)),
              Arrays.copyOfRange(index, s * planes, (s + 1) * planes),
              Arrays.copyOfRange(scale, s * rows, (s + 1) * rows)));
    }
    return convolutions;
  }

  /**
   * The bytes that the weights take in a file.
   *
   * @return their size.
   */
  public StoredSize size() {
    return new StoredSize(
        (long) rows * rowSize, index.length, codebook.length, (long) Float.BYTES * scale.length);
  }

  /**
   * Computes the dense weights.
   *
   * @return the weights in their shape, row-major.
   */
  public float[] toDense() {
    float[] dense = new float[rows * rowSize];
    int vectors = vectors();
    for (int s = 0; s < stages(); s++) {
      int[] indices = indices(s);
      for (int i = 0; i < dense.length; i++) {
        int row = i / rowSize;
        int column = i % rowSize;
        int word = (s << tau) + indices[row * vectors + column / taps];
        dense[i] += scale[s * rows + row] * codebook[word * taps + column % taps];
      }
    }
    return dense;
  }
}

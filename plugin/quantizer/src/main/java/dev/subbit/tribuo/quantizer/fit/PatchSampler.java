package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.ConvAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Takes patches of a convolution's input, and the outputs wanted there, at output pixels drawn from
 * all of a batch, and adds them to the moments of all groups. Not safe for use by many threads.
 */
public final class PatchSampler {

  /** Widest block of input channels whose correlations are all kept: a matrix of 340 MB. */
  public static final int MAX_BLOCK_CHANNELS = 1024;

  /** Number of patches that are laid out at once. */
  private static final int CHUNK = 2048;

  private static final int SIDE = 3;

  private final int outChannels;
  private final int inChannels;
  private final int kernelHeight;
  private final int kernelWidth;
  private final ConvAttributes geometry;
  private final SplittableRandom rng;
  private final List<List<PatchMoments>> moments = new ArrayList<>();
  private final PatchCheck check = new PatchCheck();

  /**
   * Starts without any patches of a 3x3 convolution.
   *
   * @param outChannels output channels.
   * @param inChannels input channels of one group.
   * @param geometry the convolution's geometry.
   * @param seed seed of the choice of pixels.
   */
  public PatchSampler(int outChannels, int inChannels, ConvAttributes geometry, long seed) {
    this(outChannels, inChannels, SIDE, SIDE, Codebook.TAPS, geometry, seed);
  }

  /**
   * Starts without any patches.
   *
   * @param outChannels output channels.
   * @param inChannels input channels of one group.
   * @param kernelHeight rows of a kernel.
   * @param kernelWidth columns of a kernel.
   * @param width values of the vectors that the weights of an output are cut into; the last vector
   *     is filled with zeros.
   * @param geometry the convolution's geometry.
   * @param seed seed of the choice of pixels.
   */
  public PatchSampler(
      int outChannels,
      int inChannels,
      int kernelHeight,
      int kernelWidth,
      int width,
      ConvAttributes geometry,
      long seed) {
    this.outChannels = outChannels;
    this.inChannels = inChannels;
    this.kernelHeight = kernelHeight;
    this.kernelWidth = kernelWidth;
    this.geometry = geometry;
    this.rng = new SplittableRandom(seed);
    int vectors = (rowSize() + width - 1) / width;
    int most = MAX_BLOCK_CHANNELS * Codebook.TAPS / width;
    int blocks = (vectors + most - 1) / most;
    for (int g = 0; g < geometry.group(); g++) {
      List<PatchMoments> group = new ArrayList<>();
      for (int b = 0; b < blocks; b++) {
        int first = (int) ((long) vectors * b / blocks);
        int last = (int) ((long) vectors * (b + 1) / blocks);
        group.add(new PatchMoments(last - first, width, outChannels / geometry.group()));
      }
      moments.add(group);
    }
  }

  /** Weights of one output. */
  private int rowSize() {
    return inChannels * kernelHeight * kernelWidth;
  }

  private int outHeight(int height) {
    int reach = geometry.dilationHeight() * (kernelHeight - 1) + 1;
    int room = height + geometry.padTop() + geometry.padBottom() - reach;
    return Math.floorDiv(room, geometry.strideHeight()) + 1;
  }

  private int outWidth(int columns) {
    int reach = geometry.dilationWidth() * (kernelWidth - 1) + 1;
    int room = columns + geometry.padLeft() + geometry.padRight() - reach;
    return Math.floorDiv(room, geometry.strideWidth()) + 1;
  }

  /**
   * Samples patches from a batch.
   *
   * @param x the input, [images, channels, height, width].
   * @param height rows of the input.
   * @param width columns of the input.
   * @param wanted the outputs, [images, outChannels, height', width'].
   * @param patches number of pixels to draw; all if there are fewer.
   * @throws IllegalArgumentException if the sizes do not fit each other.
   */
  public void add(float[] x, int height, int width, float[] wanted, int patches) {
    long[] places = places(x, height, width, wanted, patches);
    for (int first = 0; first < places.length; first += CHUNK) {
      int rows = Math.min(CHUNK, places.length - first);
      addChunk(x, height, width, wanted, places, first, rows);
    }
  }

  /**
   * Samples patches from a batch that weights are checked on, and not fitted to.
   *
   * @param x the input, as for {@link #add}.
   * @param height rows of the input.
   * @param width columns of the input.
   * @param wanted the outputs.
   * @param patches number of pixels to draw; all if there are fewer.
   * @throws IllegalArgumentException if the sizes do not fit each other.
   */
  public void addToCheck(float[] x, int height, int width, float[] wanted, int patches) {
    long[] places = places(x, height, width, wanted, patches);
    int outputsEach = outChannels / geometry.group();
    int columns = rowSize();
    List<float[]> ofGroups = new ArrayList<>();
    List<float[]> wantedOfGroups = new ArrayList<>();
    for (int g = 0; g < moments.size(); g++) {
      float[] rows = new float[places.length * columns];
      float[] outputs = new float[places.length * outputsEach];
      for (int row = 0; row < places.length; row++) {
        copyPatch(x, height, width, places[row], g, 0, columns, rows, row * columns);
        copyOutputs(wanted, height, width, places[row], g * outputsEach, outputs, row, outputsEach);
      }
      ofGroups.add(rows);
      wantedOfGroups.add(outputs);
    }
    check.add(places.length, ofGroups, wantedOfGroups);
  }

  /**
   * Adds the statistics of other convolutions that share the weights.
   *
   * @param others what was sampled there.
   */
  public void pool(List<PatchSampler> others) {
    for (int g = 0; g < moments.size(); g++) {
      List<PatchMoments> pooled = new ArrayList<>();
      for (int b = 0; b < moments.get(g).size(); b++) {
        List<PatchMoments> parts = new ArrayList<>(List.of(moments.get(g).get(b)));
        for (PatchSampler other : others) {
          parts.add(other.moments.get(g).get(b));
        }
        pooled.add(PatchMoments.pooled(parts));
      }
      moments.set(g, pooled);
    }
  }

  /**
   * The number of patches that weights are fitted to.
   *
   * @return the number of pixels drawn so far.
   */
  public long count() {
    return moments.get(0).get(0).count();
  }

  /**
   * The patches to check weights on.
   *
   * @return those that {@link #addToCheck} added.
   */
  public PatchCheck check() {
    return check;
  }

  /** Draws pixels of the output, from all of a batch. */
  private long[] places(float[] x, int height, int width, float[] wanted, int patches) {
    int area = outHeight(height) * outWidth(width);
    int images = x.length / (inChannels * geometry.group() * height * width);
    if (wanted.length != (long) images * outChannels * area) {
      throw new IllegalArgumentException(
          "An input of "
              + height
              + " x "
              + width
              + " should give "
              + (long) images * outChannels * area
              + " outputs, found "
              + wanted.length);
    }
    long pixels = (long) images * area;
    int drawn = (int) Math.min(patches, pixels);
    long[] places = new long[drawn];
    for (int i = 0; i < drawn; i++) {
      // One pixel is drawn from each of as many equal stretches.
      long first = pixels * i / drawn;
      places[i] = first + (long) (rng.nextDouble() * (pixels * (i + 1) / drawn - first));
    }
    return places;
  }

  private void addChunk(
      float[] x, int height, int width, float[] wanted, long[] places, int first, int rows) {
    int outputsEach = outChannels / geometry.group();
    for (int g = 0; g < moments.size(); g++) {
      int column = 0;
      for (PatchMoments block : moments.get(g)) {
        int columns = block.columns();
        float[] patches = new float[rows * columns];
        float[] outputs = new float[rows * outputsEach];
        for (int row = 0; row < rows; row++) {
          long place = places[first + row];
          copyPatch(x, height, width, place, g, column, columns, patches, row * columns);
          copyOutputs(wanted, height, width, place, g * outputsEach, outputs, row, outputsEach);
        }
        block.add(patches, outputs, rows);
        column += columns;
      }
    }
  }

  /** Copies some columns of a patch; those behind the last weight stay zero. */
  private void copyPatch(
      float[] x,
      int height,
      int width,
      long place,
      int group,
      int firstColumn,
      int columns,
      float[] patches,
      int at) {
    int outWidth = outWidth(width);
    int area = outHeight(height) * outWidth;
    int image = (int) (place / area);
    int top = (int) (place % area) / outWidth * geometry.strideHeight() - geometry.padTop();
    int left = (int) (place % area) % outWidth * geometry.strideWidth() - geometry.padLeft();
    int firstMap = (image * geometry.group() + group) * inChannels;
    int taps = kernelHeight * kernelWidth;
    int used = Math.min(columns, rowSize() - firstColumn);
    for (int i = 0; i < used; i++) {
      int channel = (firstColumn + i) / taps;
      int tap = (firstColumn + i) % taps;
      int row = top + tap / kernelWidth * geometry.dilationHeight();
      int column = left + tap % kernelWidth * geometry.dilationWidth();
      if (row >= 0 && row < height && column >= 0 && column < width) {
        patches[at + i] = x[((firstMap + channel) * height + row) * width + column];
      }
    }
  }

  private void copyOutputs(
      float[] wanted,
      int height,
      int width,
      long place,
      int firstOutput,
      float[] outputs,
      int row,
      int count) {
    int area = outHeight(height) * outWidth(width);
    int image = (int) (place / area);
    int pixel = (int) (place % area);
    for (int o = 0; o < count; o++) {
      outputs[row * count + o] = wanted[(image * outChannels + firstOutput + o) * area + pixel];
    }
  }

  /**
   * The statistics of all patches so far.
   *
   * @return for each group its blocks of input channels, as {@link ConvFit} takes them.
   */
  public List<List<PatchMoments>> moments() {
    return moments;
  }
}

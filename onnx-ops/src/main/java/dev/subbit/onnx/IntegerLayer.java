package dev.subbit.onnx;

/**
 * A layer of an integer binary network: which of the integer operators it is, its attributes and
 * its parameters, as docs/OPERATORS.md defines them. {@link IntegerNodes} adds a layer to a graph
 * as a node of its own, {@link IntegerNetworkFunction} a whole network as one node; both check what
 * a layer holds.
 *
 * <p>Arrays are row-major. Layers do not copy them: they must not change before the layer is added.
 */
public sealed interface IntegerLayer {

  /**
   * The windows of a convolution or of a pool, on both axes.
   *
   * @param height rows of a window, 1 to 32.
   * @param width columns of a window, 1 to 32.
   * @param strideHeight rows from one window to the next, 1 to 32.
   * @param strideWidth columns from one window to the next, 1 to 32.
   * @param padTop rows of padding above; each pad is less than the window.
   * @param padLeft columns of padding to the left.
   * @param padBottom rows of padding below.
   * @param padRight columns of padding to the right.
   */
  record Window(
      int height,
      int width,
      int strideHeight,
      int strideWidth,
      int padTop,
      int padLeft,
      int padBottom,
      int padRight) {

    /** The windows of a layer without a pool. */
    public static final Window NONE = square(1, 1, 0);

    /**
     * Returns windows that are the same on both axes and all sides.
     *
     * @param size rows and columns of a window.
     * @param stride rows and columns from one window to the next.
     * @param pad rows and columns of padding on each side.
     * @return the windows.
     */
    public static Window square(int size, int stride, int pad) {
      return new Window(size, size, stride, stride, pad, pad, pad, pad);
    }
  }

  /**
   * {@code IntegerStem}: a convolution of pixels with 8-bit weights, and a max pool.
   *
   * @param convolution the windows of the convolution, as high as wide.
   * @param weight [outChannels, inChannels, convolution.height, convolution.width].
   * @param zeroPixel for each input channel the pixel that counts as 0, unsigned.
   * @param multiplier one factor per output channel, not -32768.
   * @param bias one summand per output channel.
   * @param shift bits by which sums are moved down before they are multiplied, 1 to 16.
   * @param pool the windows of the max pool, or {@link Window#NONE}.
   * @param width bits of the output's values, 9 to 16.
   */
  record Stem(
      Window convolution,
      byte[] weight,
      byte[] zeroPixel,
      short[] multiplier,
      short[] bias,
      int shift,
      Window pool,
      int width)
      implements IntegerLayer {}

  /**
   * {@code IntegerSubBitConv}: a sub-bit convolution of signs, and a max pool.
   *
   * @param weights the weights; their scales are not used, since the multiplier holds them.
   * @param stride rows and columns from one output to the next, 1 or 2.
   * @param threshold for each input channel the least value that counts as +1.
   * @param multiplier one factor per output channel, not -32768.
   * @param bias one summand per output channel.
   * @param shift bits by which sums are moved up before they are multiplied, 0 to 11.
   * @param pool the windows of the max pool, or {@link Window#NONE}.
   * @param width bits of the output's values, 9 to 16.
   */
  record Conv(
      PackedConvWeights weights,
      int stride,
      short[] threshold,
      short[] multiplier,
      short[] bias,
      int shift,
      Window pool,
      int width)
      implements IntegerLayer {}

  /**
   * {@code IntegerSubBitBlock}: a sub-bit convolution of signs, a residual, and a PReLU.
   *
   * @param weights the weights; their scales are not used, since the multiplier holds them.
   * @param stride rows and columns from one output to the next, 1 or 2.
   * @param threshold for each input channel the least value that counts as +1.
   * @param multiplier one factor per output channel, not -32768.
   * @param bias one summand per output channel, before the residual.
   * @param shift bits by which sums are moved up before they are multiplied, 0 to 11.
   * @param slope one factor of negative values per output channel, not -32768.
   * @param slopeShift bits by which products with the slope are moved up, 0 to 3.
   * @param shiftOut one summand per output channel, after the PReLU.
   * @param width bits of the output's values, 9 to 16.
   */
  record Block(
      PackedConvWeights weights,
      int stride,
      short[] threshold,
      short[] multiplier,
      short[] bias,
      int shift,
      short[] slope,
      int slopeShift,
      short[] shiftOut,
      int width)
      implements IntegerLayer {}

  /**
   * {@code IntegerShortcut}: an average pool and a 1x1 convolution with 8-bit weights.
   *
   * @param pool rows and columns of a window of the pool and from one to the next, 1 or 2.
   * @param weight [outChannels, inChannels].
   * @param multiplier one factor per output channel, not -32768.
   * @param bias one summand per output channel.
   * @param shift bits by which sums are moved down before they are multiplied, 1 to 23.
   * @param width bits of the output's values, 9 to 16.
   */
  record Shortcut(int pool, byte[] weight, short[] multiplier, short[] bias, int shift, int width)
      implements IntegerLayer {}

  /**
   * {@code IntegerClassifier}: sums of positions, and their products with 8-bit weights.
   *
   * @param parts 1 if all positions are summed, or their number if each has weights of its own.
   * @param weight [classes, parts, inChannels].
   * @param scale one finite factor per class.
   * @param bias one finite summand per class.
   * @param shift bits by which the sums of positions are moved down, 0 to 15.
   */
  record Classifier(int parts, byte[] weight, float[] scale, float[] bias, int shift)
      implements IntegerLayer {}
}

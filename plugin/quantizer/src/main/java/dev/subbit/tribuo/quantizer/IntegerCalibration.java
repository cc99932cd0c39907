package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.export.FractionBits;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;

/**
 * Chooses the integer form of a network with binary activations: measures on images how large its
 * values become, and takes as many bits behind the binary point as leave room for them and fit all
 * other numbers of the network. One run over the images.
 */
public final class IntegerCalibration {

  /** Number of images to measure on, where the caller has more. */
  private static final int IMAGES = 256;

  private IntegerCalibration() {}

  /**
   * Chooses a form.
   *
   * @param network a network with binary activations and sub-bit weights; its own form, if it has
   *     one, does not matter.
   * @param images images like those that will be predicted, of which 256 are taken, spread evenly.
   * @param pixels where their features lie.
   * @param width bits of an activation, 9 to 16.
   * @return the form.
   * @throws IllegalArgumentException if there is no image, a value is not finite, the network is of
   *     another kind, or no form of that width fits; the message names the node.
   */
  public static IntegerForm choose(
      TrainedNetwork network, Dataset<Label> images, PixelMap pixels, int width) {
    return choose(network, new CalibrationImages(images, IMAGES, pixels), width);
  }

  /**
   * Chooses the form of a network that has one, but whose parameters have changed since: its own,
   * unless fewer bits behind the binary point are needed now.
   *
   * @param network the network, with its form.
   * @param images images to measure on, as above.
   * @param pixels where their features lie.
   * @return the network with a form that fits.
   * @throws IllegalArgumentException as above.
   */
  public static TrainedNetwork keepOrChoose(
      TrainedNetwork network, Dataset<Label> images, PixelMap pixels) {
    IntegerForm own = network.integers().orElseThrow();
    IntegerForm fitting = choose(network, images, pixels, own.width());
    return fitting.fractionBits() < own.fractionBits() ? network.withIntegers(fitting) : network;
  }

  /** Chooses a form on images that were taken before. */
  static IntegerForm choose(TrainedNetwork network, CalibrationImages images, int width) {
    TrainedNetwork inFloats =
        new TrainedNetwork(network.network(), network.floats(), network.packed(), Map.of());
    List<String> nodes = FractionBits.nodes(inFloats.network());
    Map<String, Float> peaks = new HashMap<>();
    images.run(inFloats, nodes, (node, values) -> peaks.merge(node, peak(values), Math::max));
    return new IntegerForm(width, FractionBits.choose(inFloats, peaks, width));
  }

  private static float peak(float[] values) {
    float peak = 0;
    for (float value : values) {
      peak = Math.max(peak, Math.abs(value));
    }
    return peak;
  }
}

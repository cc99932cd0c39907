package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Chooses how many bits behind the binary point the activations of a binary network get when it
 * runs in integers: the most for which every parameter fits its integer and every activation of the
 * images that were looked at fits. Others may give larger ones, which the operators clip; that
 * costs less than one bit of all values would, which at 12 bits is a quarter of a point of
 * accuracy.
 */
public final class FractionBits {

  private FractionBits() {}

  /**
   * The nodes whose largest magnitude {@link #choose} has to know.
   *
   * @param network a binary network.
   * @return names of nodes, in the network's order, as {@link OnnxExporter#exportValues} takes them
   *     as long as the network has no integer form.
   * @throws IllegalArgumentException if a layer cannot run in integers; the message names its node.
   */
  public static List<String> nodes(Network network) {
    return IntegerParts.of(network).stream().flatMap(part -> part.held().stream()).toList();
  }

  /**
   * Chooses the number of fraction bits.
   *
   * @param trained a binary network; its integer form, if it has one, is not looked at.
   * @param peaks the largest magnitude of the values of each of {@link #nodes}, on images like
   *     those that the network is for.
   * @param width bits of an activation, as {@link IntegerForm} takes it.
   * @return {@value IntegerForm#MIN_FRACTION_BITS} to {@value IntegerForm#MAX_FRACTION_BITS}.
   * @throws IllegalArgumentException if a layer cannot run in integers, a peak is missing or not
   *     finite, or no number fits; the message names the node, and the value that is too large.
   */
  public static int choose(TrainedNetwork trained, Map<String, Float> peaks, int width) {
    List<IntegerPart> parts = IntegerParts.of(trained.network());
    Map<String, NodeShape> shapes = NetworkShapes.of(trained.network());
    List<String> reasons = new ArrayList<>();
    for (int bits = IntegerForm.MAX_FRACTION_BITS; bits >= IntegerForm.MIN_FRACTION_BITS; bits--) {
      IntegerForm form = new IntegerForm(width, bits);
      try {
        for (IntegerPart part : parts) {
          part.held().forEach(node -> requireRoom(node, peaks, form));
          part.derive(trained, shapes, form);
        }
        return bits;
      } catch (DoesNotFitException e) {
        reasons.add(e.getMessage());
      }
    }
    throw new IllegalArgumentException(
        "The network cannot run in integers with activations of "
            + width
            + " bits: "
            + reasons.get(reasons.size() - 1));
  }

  private static void requireRoom(String node, Map<String, Float> peaks, IntegerForm form) {
    Float peak = peaks.get(node);
    if (peak == null || !Float.isFinite(peak)) {
      throw new IllegalArgumentException(
          "The largest magnitude of node '" + node + "' is " + peak + ", it must be a number");
    }
    double most = Math.scalb((double) form.largest(), -form.fractionBits());
    if (peak > most) {
      throw new DoesNotFitException(
          String.format(
              Locale.ROOT,
              "Node '%s' in integers with %d fraction bits: values reach %.6g, at most %.6g fits",
              node,
              form.fractionBits(),
              peak,
              most));
    }
  }
}

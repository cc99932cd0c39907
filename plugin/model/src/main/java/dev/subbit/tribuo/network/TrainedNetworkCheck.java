package dev.subbit.tribuo.network;

import dev.subbit.onnx.PackedConvWeights;
import java.util.HashMap;
import java.util.Map;

/**
 * Checks that a trained network is whole: every layer has its parameters, of the right sizes and
 * finite, and there are no others. A network from a file goes through here before anything else
 * looks at it.
 */
public final class TrainedNetworkCheck {

  private final TrainedNetwork trained;
  private final Map<String, float[]> floats;
  private final Map<String, PackedConvWeights> packed;

  private TrainedNetworkCheck(TrainedNetwork trained) {
    this.trained = trained;
    this.floats = new HashMap<>(trained.floats());
    this.packed = new HashMap<>(trained.packed());
  }

  /**
   * Checks a network.
   *
   * @param trained the network.
   * @throws IllegalArgumentException if its layers do not fit together, or a parameter is missing,
   *     left over, of the wrong size or not finite, or its quantized ranges do not fit {@link
   *     TrainedNetwork}'s rules; the message names the node or the parameter.
   */
  public static void check(TrainedNetwork trained) {
    NetworkShapes.of(trained.network());
    TrainedNetworkCheck check = new TrainedNetworkCheck(trained);
    trained.network().nodes().forEach(check::takeParameters);
    check.requireNothingLeft();
    QuantizedRangesCheck.check(trained);
  }

  private void takeParameters(Network.Node node) {
    Layer layer = node.layer();
    if (layer instanceof Layer.Conv conv) {
      if (conv.weights() == Layer.Weights.SUB_BIT) {
        takePacked(node, conv);
      } else {
        takeFloats(node, "weight", (long) conv.out() * conv.in() * conv.kernel() * conv.kernel());
      }
    } else if (layer instanceof Layer.BatchNorm norm) {
      takeFloats(node, "gamma", norm.channels());
      takeFloats(node, "beta", norm.channels());
      takeFloats(node, "mean", norm.channels());
      for (float variance : takeFloats(node, "variance", norm.channels())) {
        if (variance < 0) {
          throw new IllegalArgumentException(
              "Parameter '" + node.name() + "/variance' holds the negative value " + variance);
        }
      }
    } else if (layer instanceof Layer.Shift shift) {
      takeFloats(node, "shift", shift.channels());
    } else if (layer instanceof Layer.PRelu prelu) {
      takeFloats(node, "slope", prelu.channels());
    } else if (layer instanceof Layer.Dense dense) {
      takeFloats(node, "weight", (long) dense.out() * dense.in());
      takeFloats(node, "bias", dense.out());
    }
  }

  private float[] takeFloats(Network.Node node, String parameter, long size) {
    String name = node.name() + "/" + parameter;
    float[] values = floats.remove(name);
    if (values == null) {
      throw new IllegalArgumentException("Parameter '" + name + "' is missing");
    }
    if (values.length != size) {
      throw new IllegalArgumentException(
          "Parameter '" + name + "' holds " + values.length + " values, needed are " + size);
    }
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("Parameter '" + name + "' holds " + value);
      }
    }
    return values;
  }

  private void takePacked(Network.Node node, Layer.Conv conv) {
    PackedConvWeights weights = packed.remove(node.name());
    if (weights == null) {
      throw new IllegalArgumentException("The packed weights of '" + node.name() + "' are missing");
    }
    if (weights.outChannels() != conv.out() || weights.inChannels() != conv.in()) {
      throw new IllegalArgumentException(
          "The packed weights of '"
              + node.name()
              + "' are for "
              + weights.outChannels()
              + " x "
              + weights.inChannels()
              + " kernels, needed are "
              + conv.out()
              + " x "
              + conv.in());
    }
  }

  private void requireNothingLeft() {
    if (!floats.isEmpty() || !packed.isEmpty()) {
      throw new IllegalArgumentException(
          "Parameters of no layer of network '"
              + trained.network().name()
              + "': "
              + (floats.isEmpty() ? packed.keySet() : floats.keySet()));
    }
  }
}

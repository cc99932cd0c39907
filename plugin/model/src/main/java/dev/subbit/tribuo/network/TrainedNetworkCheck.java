package dev.subbit.tribuo.network;

import dev.subbit.onnx.PackedConvWeights;
import java.util.HashMap;
import java.util.Map;

/**
 * Checks that a trained network is complete: every layer has its parameters, of the right sizes and
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
   * Checks one network.
   *
   * @param trained the network.
   * @throws IllegalArgumentException if its layers do not fit together, or a parameter is missing,
   *     left over, of the wrong size or not finite, or its quantized ranges or integer form do not
   *     fit {@link TrainedNetwork}'s rules; the message names the node or the parameter.
   */
  public static void check(TrainedNetwork trained) {
    NetworkShapes.of(trained.network());
    TrainedNetworkCheck check = new TrainedNetworkCheck(trained);
    trained.network().nodes().forEach(check::takeParameters);
    check.requireNothingLeft();
    if (trained.integers().isPresent()) {
      check.requireBinaryActivations();
    }
    QuantizedRangesCheck.check(trained);
  }

  private void requireBinaryActivations() {
    if (!trained.ranges().isEmpty()) {
      throw new IllegalArgumentException(
          "A network in integers has no quantized ranges, found are some at "
              + trained.ranges().keySet());
    }
    for (Network.Node node : trained.network().nodes()) {
      if (node.layer() instanceof Layer.Conv conv
          && conv.weights() == Layer.Weights.SUB_BIT
          && conv.activations() == Layer.Activations.REAL) {
        throw new IllegalArgumentException(
            "Node '"
                + node.name()
                + "' has real activations; a network in integers needs binary ones");
      }
    }
  }

  private void takeParameters(Network.Node node) {
    node.layer()
        .accept(new FloatParameterSizes())
        .forEach((parameter, size) -> takeFloats(node, parameter, size));
    if (node.layer() instanceof Layer.Conv conv && conv.weights() == Layer.Weights.SUB_BIT) {
      takePacked(node, conv);
    } else if (node.layer() instanceof Layer.BatchNorm) {
      requireNoNegative(node.name() + "/variance");
    }
  }

  private void takeFloats(Network.Node node, String parameter, long size) {
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
  }

  private void requireNoNegative(String name) {
    for (float value : trained.floats().get(name)) {
      if (value < 0) {
        throw new IllegalArgumentException(
            "Parameter '" + name + "' holds the negative value " + value);
      }
    }
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

package dev.subbit.tribuo.quantizer;

import dev.subbit.onnx.BitPlanes;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Chooses, of the layers that could become sub-bit, those that shall: nothing is converted that
 * would take fewer bytes with int8 weights, unless the user wants it at a loss.
 */
final class LayerChoice {

  private final QuantizationSettings settings;

  LayerChoice(QuantizationSettings settings) {
    this.settings = settings;
  }

  /** Whether a node of this name is not to be touched. */
  boolean staysFloat(String name) {
    return settings.keepFloat().stream().anyMatch(pattern -> pattern.matcher(name).find());
  }

  /**
   * Chooses layers.
   *
   * @param layers those that could become sub-bit.
   * @param left receives the others with the reasons.
   * @return those that shall.
   */
  List<ConvLayer> of(List<ConvLayer> layers, List<LeftNode> left) {
    List<ConvLayer> chosen = new ArrayList<>();
    for (ConvLayer layer : layers) {
      if (staysFloat(layer.name())) {
        left.add(new LeftNode(layer.name(), "Conv", "it was asked to stay float"));
      } else if (!settings.atALoss() && layer.inChannels() == 1) {
        left.add(
            new LeftNode(
                layer.name(),
                "Conv",
                "each of its kernels would have a scale of its own, as in depthwise convolutions"));
      } else if (!settings.atALoss() && mostStages(layer) < leastStages()) {
        left.add(
            new LeftNode(
                layer.name(),
                "Conv",
                String.format(
                    Locale.ROOT,
                    "it would take %,d bytes, and int8 weights %,d",
                    bytes(layer, leastStages()),
                    int8Bytes(layer))));
      } else {
        chosen.add(layer);
      }
    }
    return chosen;
  }

  /** The most stages, within the settings, in which a layer takes less than with int8 weights. */
  int mostStages(ConvLayer layer) {
    int stages = settings.fit().stages();
    while (!settings.atALoss() && stages > 0 && bytes(layer, stages) >= int8Bytes(layer)) {
      stages--;
    }
    return stages;
  }

  private int leastStages() {
    return settings.choosesStages() ? 1 : settings.fit().stages();
  }

  private long bytes(ConvLayer layer, int stages) {
    int tau = settings.fit().tau();
    int width = layer.vectorWidth();
    int vectors = (layer.rowSize() + width - 1) / width;
    long index = (long) tau * BitPlanes.planeBytes(layer.outChannels() * vectors);
    long scale = (long) Float.BYTES * layer.outChannels();
    return stages * (index + ((long) width << tau) + scale) + scale;
  }

  /** Bytes of a layer with int8 weights, a scale for each output channel, and biases. */
  private static long int8Bytes(ConvLayer layer) {
    return layer.weightCount() + 2L * Float.BYTES * layer.outChannels();
  }
}

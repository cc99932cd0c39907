package dev.subbit.tribuo;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures the mean and variance of batch normalisation anew, after the weights before it have
 * changed. Layer by layer from the front, so that each layer is measured on what the refitted
 * layers before it give.
 */
final class NormRefit {

  private NormRefit() {}

  /**
   * Refits all batch normalisation of a network.
   *
   * @param trained the network, without quantized ranges.
   * @param images what to measure on.
   * @return the same network with new means and variances.
   */
  static TrainedNetwork refit(TrainedNetwork trained, CalibrationImages images) {
    Map<String, NodeShape> shapes = NetworkShapes.of(trained.network());
    TrainedNetwork refitted = trained;
    for (Network.Node node : trained.network().nodes()) {
      if (node.layer() instanceof Layer.BatchNorm) {
        NodeShape shape = shapes.get(node.name());
        Moments moments = new Moments(shape.channels(), shape.height() * shape.width());
        images.run(
            identity(refitted, node), List.of(node.name()), (name, values) -> moments.add(values));
        refitted =
            withParameters(
                refitted, node, Map.of("mean", moments.means(), "variance", moments.variances()));
      }
    }
    return refitted;
  }

  /** The network with one batch normalisation that passes its input on. */
  private static TrainedNetwork identity(TrainedNetwork trained, Network.Node node) {
    int channels = ((Layer.BatchNorm) node.layer()).channels();
    float[] ones = new float[channels];
    Arrays.fill(ones, 1);
    float[] variance = new float[channels];
    Arrays.fill(variance, 1 - Layer.BatchNorm.EPSILON);
    return withParameters(
        trained,
        node,
        Map.of(
            "gamma",
            ones,
            "beta",
            new float[channels],
            "mean",
            new float[channels],
            "variance",
            variance));
  }

  private static TrainedNetwork withParameters(
      TrainedNetwork trained, Network.Node node, Map<String, float[]> parameters) {
    Map<String, float[]> floats = new HashMap<>(trained.floats());
    parameters.forEach((name, values) -> floats.put(node.name() + "/" + name, values));
    return new TrainedNetwork(trained.network(), floats, trained.packed(), trained.ranges());
  }

  /** Sums over images and pixels for each channel. */
  private static final class Moments {
    private final int mapSize;
    private final double[] sums;
    private final double[] squares;
    private long perChannel;

    Moments(int channels, int mapSize) {
      this.mapSize = mapSize;
      this.sums = new double[channels];
      this.squares = new double[channels];
    }

    void add(float[] values) {
      for (int i = 0; i < values.length; i++) {
        int channel = i / mapSize % sums.length;
        sums[channel] += values[i];
        squares[channel] += (double) values[i] * values[i];
      }
      perChannel += values.length / sums.length;
    }

    float[] means() {
      float[] means = new float[sums.length];
      for (int c = 0; c < means.length; c++) {
        means[c] = (float) (sums[c] / perChannel);
      }
      return means;
    }

    float[] variances() {
      float[] variances = new float[sums.length];
      for (int c = 0; c < variances.length; c++) {
        double mean = sums[c] / perChannel;
        variances[c] = (float) Math.max(0, squares[c] / perChannel - mean * mean);
      }
      return variances;
    }
  }
}

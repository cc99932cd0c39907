package dev.subbit.tribuo.network;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * The parameters that training starts from, by full name: convolutions drawn as He et al. ("Delving
 * Deep into Rectifiers", 2015) do, latent weights included; the classifier uniform in {@code +-1 /
 * sqrt(in)} with zero bias; batch normalisation as the identity; shifts 0; PReLU slopes 0.25.
 */
public final class InitialParameters {

  private static final float PRELU_SLOPE = 0.25f;

  private InitialParameters() {}

  /**
   * Draws the parameters of a network.
   *
   * @param network the network.
   * @param rng where they come from.
   * @return the parameters, by full name.
   */
  public static Map<String, float[]> draw(Network network, SplittableRandom rng) {
    Map<String, float[]> parameters = new TreeMap<>();
    for (Network.Node node : network.nodes()) {
      String prefix = node.name() + "/";
      if (node.layer() instanceof Layer.Conv conv) {
        int area = conv.kernel() * conv.kernel();
        double deviation = Math.sqrt(2.0 / (conv.in() * area));
        float[] weight = new float[conv.out() * conv.in() * area];
        for (int i = 0; i < weight.length; i++) {
          weight[i] = (float) (deviation * gaussian(rng));
        }
        parameters.put(prefix + "weight", weight);
      } else if (node.layer() instanceof Layer.Dense dense) {
        double bound = 1 / Math.sqrt(dense.in());
        float[] weight = new float[dense.out() * dense.in()];
        for (int i = 0; i < weight.length; i++) {
          weight[i] = (float) (bound * (2 * rng.nextDouble() - 1));
        }
        parameters.put(prefix + "weight", weight);
        parameters.put(prefix + "bias", new float[dense.out()]);
      } else if (node.layer() instanceof Layer.BatchNorm norm) {
        parameters.put(prefix + "gamma", filled(norm.channels(), 1));
        parameters.put(prefix + "beta", new float[norm.channels()]);
        parameters.put(prefix + "mean", new float[norm.channels()]);
        parameters.put(prefix + "variance", filled(norm.channels(), 1));
      } else if (node.layer() instanceof Layer.Shift shift) {
        parameters.put(prefix + "shift", new float[shift.channels()]);
      } else if (node.layer() instanceof Layer.PRelu prelu) {
        parameters.put(prefix + "slope", filled(prelu.channels(), PRELU_SLOPE));
      }
    }
    return parameters;
  }

  private static float[] filled(int length, float value) {
    float[] array = new float[length];
    Arrays.fill(array, value);
    return array;
  }

  /** A standard normal number, by the method of Box and Muller; JDK 17 and 25 draw the same. */
  private static double gaussian(SplittableRandom rng) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - rng.nextDouble()));
    return radius * StrictMath.cos(2 * Math.PI * rng.nextDouble());
  }
}

package dev.subbit.tribuo.network;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;

/** The parameters that the training of a layer starts from, by their names within the layer. */
final class InitialLayerParameters implements Layer.Visitor<Map<String, float[]>> {

  private static final float PRELU_SLOPE = 0.25f;

  private final SplittableRandom rng;

  /**
   * Prepares to draw weights from a generator.
   *
   * @param rng the generator, which advances with every weight.
   */
  InitialLayerParameters(SplittableRandom rng) {
    this.rng = rng;
  }

  @Override
  public Map<String, float[]> input(Layer.Input input) {
    return Map.of();
  }

  @Override
  public Map<String, float[]> normalize(Layer.Normalize normalize) {
    return Map.of();
  }

  @Override
  public Map<String, float[]> conv(Layer.Conv conv) {
    int area = conv.kernel() * conv.kernel();
    double deviation = Math.sqrt(2.0 / (conv.in() * area));
    float[] weight = new float[conv.out() * conv.in() * area];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (deviation * gaussian());
    }
    return Map.of("weight", weight);
  }

  @Override
  public Map<String, float[]> batchNorm(Layer.BatchNorm norm) {
    return Map.of(
        "gamma",
        filled(norm.channels(), 1),
        "beta",
        new float[norm.channels()],
        "mean",
        new float[norm.channels()],
        "variance",
        filled(norm.channels(), 1));
  }

  @Override
  public Map<String, float[]> relu(Layer.Relu relu) {
    return Map.of();
  }

  @Override
  public Map<String, float[]> shift(Layer.Shift shift) {
    return Map.of("shift", new float[shift.channels()]);
  }

  @Override
  public Map<String, float[]> prelu(Layer.PRelu prelu) {
    return Map.of("slope", filled(prelu.channels(), PRELU_SLOPE));
  }

  @Override
  public Map<String, float[]> add(Layer.Add add) {
    return Map.of();
  }

  @Override
  public Map<String, float[]> averagePool(Layer.AveragePool pool) {
    return Map.of();
  }

  @Override
  public Map<String, float[]> maxPool(Layer.MaxPool pool) {
    return Map.of();
  }

  @Override
  public Map<String, float[]> globalAveragePool(Layer.GlobalAveragePool pool) {
    return Map.of();
  }

  @Override
  public Map<String, float[]> flatten(Layer.Flatten flatten) {
    return Map.of();
  }

  @Override
  public Map<String, float[]> dense(Layer.Dense dense) {
    double bound = 1 / Math.sqrt(dense.in());
    float[] weight = new float[dense.out() * dense.in()];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (bound * (2 * rng.nextDouble() - 1));
    }
    return Map.of("weight", weight, "bias", new float[dense.out()]);
  }

  private static float[] filled(int length, float value) {
    float[] array = new float[length];
    Arrays.fill(array, value);
    return array;
  }

  /** A standard normal number, by the method of Box and Muller; JDK 17 and 25 draw the same. */
  private double gaussian() {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - rng.nextDouble()));
    return radius * StrictMath.cos(2 * Math.PI * rng.nextDouble());
  }
}

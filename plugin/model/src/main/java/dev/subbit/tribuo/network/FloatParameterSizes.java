package dev.subbit.tribuo.network;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The number of values that each float parameter of a trained layer holds, by the parameter's name
 * within the layer. Sub-bit weights are not floats.
 */
final class FloatParameterSizes implements Layer.Visitor<Map<String, Long>> {

  @Override
  public Map<String, Long> input(Layer.Input input) {
    return Map.of();
  }

  @Override
  public Map<String, Long> normalize(Layer.Normalize normalize) {
    return Map.of();
  }

  @Override
  public Map<String, Long> conv(Layer.Conv conv) {
    return conv.weights() == Layer.Weights.SUB_BIT
        ? Map.of()
        : Map.of("weight", (long) conv.out() * conv.in() * conv.kernel() * conv.kernel());
  }

  @Override
  public Map<String, Long> batchNorm(Layer.BatchNorm norm) {
    return perChannel(norm.channels(), "gamma", "beta", "mean", "variance");
  }

  @Override
  public Map<String, Long> relu(Layer.Relu relu) {
    return Map.of();
  }

  @Override
  public Map<String, Long> shift(Layer.Shift shift) {
    return perChannel(shift.channels(), "shift");
  }

  @Override
  public Map<String, Long> prelu(Layer.PRelu prelu) {
    return perChannel(prelu.channels(), "slope");
  }

  @Override
  public Map<String, Long> add(Layer.Add add) {
    return Map.of();
  }

  @Override
  public Map<String, Long> averagePool(Layer.AveragePool pool) {
    return Map.of();
  }

  @Override
  public Map<String, Long> maxPool(Layer.MaxPool pool) {
    return Map.of();
  }

  @Override
  public Map<String, Long> globalAveragePool(Layer.GlobalAveragePool pool) {
    return Map.of();
  }

  @Override
  public Map<String, Long> flatten(Layer.Flatten flatten) {
    return Map.of();
  }

  @Override
  public Map<String, Long> dense(Layer.Dense dense) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    sizes.put("weight", (long) dense.out() * dense.in());
    sizes.put("bias", (long) dense.out());
    return sizes;
  }

  private static Map<String, Long> perChannel(int channels, String... parameters) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    for (String parameter : parameters) {
      sizes.put(parameter, (long) channels);
    }
    return sizes;
  }
}

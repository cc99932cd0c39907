package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures how close the outputs of layers come to the float model's, all layers before them
 * quantized too.
 */
final class LayerSignals {

  /** Number of layers observed in one run, which bounds the memory. */
  private static final int LAYERS_AT_ONCE = 8;

  private LayerSignals() {}

  /**
   * Measures layers.
   *
   * @param exact the float model, with the values of all layers in its main graph.
   * @param quantized the quantized one, in which the values have the same names.
   * @param layers the layers.
   * @param feeds the inputs to measure on.
   * @return for the name of each layer: variance of its outputs around the mean of their channel
   *     over the mean squared error, in dB; not a number where nothing varies.
   */
  static Map<String, Double> of(
      ModelProto exact, ModelProto quantized, List<ConvLayer> layers, List<Feed> feeds) {
    Map<String, Double> signals = new HashMap<>();
    for (int first = 0; first < layers.size(); first += LAYERS_AT_ONCE) {
      List<ConvLayer> some = layers.subList(first, Math.min(layers.size(), first + LAYERS_AT_ONCE));
      List<String> outputs = some.stream().map(ConvLayer::observedOutput).distinct().toList();
      Map<String, Sums> sums = new HashMap<>();
      some.forEach(layer -> sums.put(layer.observedOutput(), new Sums(layer.outChannels())));
      try (GraphSession wanted = new GraphSession(PartialModel.of(exact, outputs));
          GraphSession given = new GraphSession(PartialModel.of(quantized, outputs))) {
        for (Feed feed : feeds) {
          Map<String, FloatArray> before = wanted.run(feed);
          Map<String, FloatArray> after = given.run(feed);
          for (String output : outputs) {
            String name = PartialModel.outputName(output);
            sums.get(output).add(before.get(name).images(), after.get(name).images());
          }
        }
      }
      some.forEach(
          layer -> signals.put(layer.name(), sums.get(layer.observedOutput()).signalToNoise()));
    }
    return signals;
  }

  /** Sums over all pixels of each channel. */
  private static final class Sums {
    private final double[] sums;
    private final double[] squares;
    private double noise;
    private long pixels;

    Sums(int channels) {
      sums = new double[channels];
      squares = new double[channels];
    }

    void add(FloatArray wanted, FloatArray given) {
      int area = Math.toIntExact(wanted.shape()[2] * wanted.shape()[3]);
      float[] w = wanted.values();
      for (int i = 0; i < w.length; i++) {
        int channel = i / area % sums.length;
        double difference = (double) w[i] - given.values()[i];
        sums[channel] += w[i];
        squares[channel] += (double) w[i] * w[i];
        noise += difference * difference;
      }
      pixels += w.length / sums.length;
    }

    double signalToNoise() {
      double signal = 0;
      for (int c = 0; c < sums.length; c++) {
        double varies = squares[c] - sums[c] * sums[c] / Math.max(1, pixels);
        // What rounding leaves of values that do not vary is no signal.
        signal += varies > 1e-12 * squares[c] ? varies : 0;
      }
      return OutputAgreement.decibels(signal, noise);
    }
  }
}

package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Gives sub-bit weights to a network that was trained with float ones. The network is exported, the
 * {@link OnnxQuantizer} fits its layers, and the results are brought back: a convolution of several
 * stages becomes as many convolutions and their sums, and the batch normalisation behind it takes
 * the statistics that the new weights give.
 */
final class NetworkQuantization {

  private final TrainedNetwork trained;
  private final QuantizationResult result;
  private final Map<String, float[]> floats;
  private final Map<String, PackedConvWeights> packed = new HashMap<>();
  private final List<Network.Node> nodes = new ArrayList<>();

  private NetworkQuantization(TrainedNetwork trained, QuantizationResult result) {
    this.trained = trained;
    this.result = result;
    this.floats = new HashMap<>(trained.floats());
  }

  /**
   * Fits every 3x3 convolution except those that read the image, which stay float as in training.
   *
   * @param trained a network with float weights.
   * @param settings how to fit.
   * @param images the images to fit on.
   * @param positions the pixel positions of its features.
   * @param progress receives the layers.
   * @return the network with sub-bit weights.
   * @throws IllegalArgumentException if it has no such convolution, or a value overflows.
   */
  static TrainedNetwork quantize(
      TrainedNetwork trained,
      FitSettings settings,
      CalibrationImages images,
      int[] positions,
      QuantizationProgress progress) {
    ModelProto model = OnnxExporter.export(trained, positions);
    OnnxQuantizer quantizer =
        new OnnxQuantizer(new QuantizationSettings(settings, readersOfTheImage(trained)));
    QuantizationResult result =
        quantizer.quantize(
            model,
            Calibration.of(images.feeds(NetworkShapes.batchSize(trained.network()))),
            progress);
    if (result.layers().isEmpty()) {
      throw new IllegalArgumentException(
          "Network '"
              + trained.network().name()
              + "' has no 3x3 convolution behind its first to quantize");
    }
    return new NetworkQuantization(trained, result).network();
  }

  private static List<Pattern> readersOfTheImage(TrainedNetwork trained) {
    List<Pattern> patterns = new ArrayList<>();
    Set<String> behindConv = new HashSet<>();
    for (Network.Node node : trained.network().nodes()) {
      boolean readsFeatures = node.inputs().stream().anyMatch(behindConv::contains);
      if (node.layer() instanceof Layer.Conv && !readsFeatures) {
        patterns.add(Pattern.compile("^" + Pattern.quote(node.name()) + "$"));
      }
      if (readsFeatures || node.layer() instanceof Layer.Conv) {
        behindConv.add(node.name());
      }
    }
    return patterns;
  }

  private TrainedNetwork network() {
    Network network = trained.network();
    Map<String, ConvChain> chains = ConvChain.of(network);
    Map<String, String> renamed = new HashMap<>();
    for (Network.Node node : network.nodes()) {
      List<String> inputs =
          node.inputs().stream().map(name -> renamed.getOrDefault(name, name)).toList();
      StagedWeights weights = result.weights().get(node.name());
      if (weights == null) {
        nodes.add(new Network.Node(node.name(), node.layer(), inputs));
        continue;
      }
      String last = addStages(node, inputs, weights);
      ConvChain chain = chains.get(node.name());
      if (chain.norm().isEmpty()) {
        String norm = node.name() + ".norm";
        nodes.add(
            new Network.Node(
                norm, new Layer.BatchNorm(((Layer.Conv) node.layer()).out()), List.of(last)));
        setNorm(norm, weights);
        last = norm;
      } else {
        setNorm(chain.norm().get().name(), weights);
      }
      renamed.put(node.name(), last);
    }
    return new TrainedNetwork(
        new Network(network.name(), network.input(), network.classes(), nodes),
        floats,
        packed,
        trained.ranges());
  }

  private String addStages(Network.Node node, List<String> inputs, StagedWeights weights) {
    Layer.Conv conv = (Layer.Conv) node.layer();
    Layer.Conv subBit =
        new Layer.Conv(
            conv.in(),
            conv.out(),
            conv.kernel(),
            conv.stride(),
            Layer.Weights.SUB_BIT,
            conv.activations());
    floats.remove(node.name() + "/weight");
    String sum = node.name();
    List<PackedConvWeights> stages = weights.weights().convolutions();
    for (int s = 0; s < stages.size(); s++) {
      String stage = s == 0 ? node.name() : node.name() + ".stage" + (s + 1);
      nodes.add(new Network.Node(stage, subBit, inputs));
      packed.put(stage, stages.get(s));
      if (s > 0) {
        String next = node.name() + ".sum" + (s + 1);
        nodes.add(new Network.Node(next, new Layer.Add(), List.of(sum, stage)));
        sum = next;
      }
    }
    return sum;
  }

  /**
   * Sets a batch normalisation that only adds the bias, written with the statistics of its input.
   */
  private void setNorm(String norm, StagedWeights weights) {
    int channels = weights.bias().length;
    float[] gamma = new float[channels];
    float[] mean = new float[channels];
    for (int o = 0; o < channels; o++) {
      gamma[o] = (float) Math.sqrt((double) weights.variance()[o] + Layer.BatchNorm.EPSILON);
      mean[o] = weights.mean()[o] - weights.bias()[o];
    }
    floats.put(norm + "/gamma", gamma);
    floats.put(norm + "/beta", Arrays.copyOf(weights.mean(), channels));
    floats.put(norm + "/mean", mean);
    floats.put(norm + "/variance", Arrays.copyOf(weights.variance(), channels));
  }
}

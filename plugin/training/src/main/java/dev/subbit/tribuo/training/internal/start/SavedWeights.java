package dev.subbit.tribuo.training.internal.start;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.codebook.CodebookTaps;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Readers;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The parameters of a trained network as those that the training of another one starts from. Layers
 * are found by name. Sub-bit weights become latent ones: each kernel its codeword, as large as
 * drawn weights are. Those that a training ends with are several times as large, all alike, and
 * would hardly change their signs any more.
 *
 * @param origin what the network is, for messages.
 * @param saved the trained network.
 * @param labels its labels, by class.
 */
public record SavedWeights(String origin, TrainedNetwork saved, List<String> labels) {

  private static final String WEIGHT = "/weight";

  /**
   * Replaces the parameters that a training would start from without a model. The classifier takes
   * the saved weights of each label, whatever their order; where the labels are not the same, it
   * keeps those that were drawn.
   *
   * @param network the network to be trained.
   * @param tau bits of an index of its codebooks.
   * @param wanted its labels, by class.
   * @param drawn its parameters, as drawn, by full name.
   * @param frozen names of nodes whose parameters are to stay exactly as they are saved.
   * @return the parameters, by full name. Where a convolution had sub-bit weights of the same tau,
   *     its codebook is among them.
   * @throws IllegalArgumentException if the saved network lacks a layer of this one, or has it in
   *     another shape; the message names the layer and both shapes.
   */
  public Map<String, float[]> startOf(
      Network network,
      int tau,
      List<String> wanted,
      Map<String, float[]> drawn,
      Set<String> frozen) {
    Map<String, Network.Node> layers =
        saved.network().nodes().stream().collect(Collectors.toMap(Network.Node::name, n -> n));
    Map<String, float[]> start = new HashMap<>(drawn);
    for (Network.Node node : network.nodes()) {
      List<String> parameters = parameters(node, drawn);
      boolean classifier = node.equals(network.output());
      if (parameters.isEmpty() || (classifier && !keepsClassifier(wanted))) {
        continue;
      }
      Network.Node source = layers.get(node.name());
      requireSameShape(network, node, source);
      for (String parameter : parameters) {
        start.put(parameter, classifier ? ofLabels(parameter, wanted) : values(parameter));
      }
      codebook(node.name(), tau)
          .ifPresent(taps -> start.put(node.name() + TrainingEngine.CODEBOOK, taps));
    }
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv
          && conv.weights() == Layer.Weights.SUB_BIT
          && saved.packed().containsKey(node.name())
          && !frozen.contains(node.name())) {
        norm(network, node)
            .ifPresent(norm -> resize(node.name(), norm, drawn.get(node.name() + WEIGHT), start));
      }
    }
    return start;
  }

  /** The batch norm behind a convolution, if nothing else reads that. */
  private static Optional<String> norm(Network network, Network.Node conv) {
    Readers readers = network.readers();
    String pooled =
        readers.only(conv.name(), Layer.MaxPool.class).map(Network.Node::name).orElse(conv.name());
    return readers.only(pooled, Layer.BatchNorm.class).map(Network.Node::name);
  }

  /**
   * Makes the latent weights of each channel as large as drawn ones on average. The statistics of
   * the batch norm follow, so that the network computes what it did.
   */
  private static void resize(String conv, String norm, float[] drawn, Map<String, float[]> start) {
    float[] latent = start.get(conv + WEIGHT);
    float[] mean = start.get(norm + "/mean");
    float[] variance = start.get(norm + "/variance");
    int size = latent.length / mean.length;
    double wanted = meanMagnitude(drawn, 0, drawn.length);
    for (int channel = 0; channel < mean.length; channel++) {
      int begin = channel * size;
      double found = meanMagnitude(latent, begin, begin + size);
      if (found > 0) {
        float factor = (float) (wanted / found);
        for (int i = begin; i < begin + size; i++) {
          latent[i] *= factor;
        }
        mean[channel] *= factor;
        variance[channel] *= factor * factor;
      }
    }
  }

  private static double meanMagnitude(float[] values, int begin, int end) {
    return IntStream.range(begin, end).mapToDouble(i -> Math.abs(values[i])).average().orElse(0);
  }

  /**
   * Whether the classifier of a network with these labels starts from the saved one.
   *
   * @param wanted the labels.
   * @return true if they are the saved network's, in any order.
   */
  public boolean keepsClassifier(List<String> wanted) {
    return wanted.size() == labels.size() && labels.containsAll(wanted);
  }

  private static List<String> parameters(Network.Node node, Map<String, float[]> drawn) {
    String prefix = node.name() + "/";
    return drawn.keySet().stream().filter(name -> name.startsWith(prefix)).sorted().toList();
  }

  private void requireSameShape(Network network, Network.Node node, Network.Node source) {
    String wanted = LayerShape.of(node.layer());
    String found = source == null ? "" : LayerShape.of(source.layer());
    if (!wanted.equals(found)) {
      throw new IllegalArgumentException(
          "Cannot start from "
              + origin
              + ": layer '"
              + node.name()
              + "' of the network '"
              + network.name()
              + "' is "
              + wanted
              + ", and "
              + (source == null
                  ? "there is no such layer in '" + saved.network().name() + "'"
                  : "in '" + saved.network().name() + "' it is " + found)
              + ". Train the same network, with the same kind of activations, or another model's");
    }
  }

  private float[] values(String parameter) {
    float[] floats = saved.floats().get(parameter);
    return floats != null ? floats.clone() : packed(parameter).toDense();
  }

  private PackedConvWeights packed(String parameter) {
    return saved.packed().get(InitialParameters.nodeOf(parameter));
  }

  /** The classifier's weights or biases, row by row in the order of the labels. */
  private float[] ofLabels(String parameter, List<String> wanted) {
    float[] values = values(parameter);
    int row = values.length / labels.size();
    float[] sorted = new float[values.length];
    for (int i = 0; i < wanted.size(); i++) {
      System.arraycopy(values, labels.indexOf(wanted.get(i)) * row, sorted, i * row, row);
    }
    return sorted;
  }

  /**
   * The codebook of a convolution. Training has positive scales only, so where a fitted one is
   * negative the codebook has to be chosen anew.
   */
  private Optional<float[]> codebook(String node, int tau) {
    return Optional.ofNullable(saved.packed().get(node))
        .filter(weights -> weights.codebook().tau() == tau)
        .filter(weights -> isPositive(weights.scale()))
        .map(weights -> CodebookTaps.of(weights.codebook()));
  }

  private static boolean isPositive(float[] scale) {
    return IntStream.range(0, scale.length).allMatch(i -> scale[i] >= 0);
  }
}

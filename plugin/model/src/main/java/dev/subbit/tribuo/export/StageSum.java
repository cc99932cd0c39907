package dev.subbit.tribuo.export;

import dev.subbit.onnx.CodedWeights;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Readers;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Sub-bit convolutions of one input that are added up, where nothing else reads what they give: the
 * stages of one layer, as the quantizer makes them, which are exported as one convolution together
 * with the batch normalisation behind them.
 *
 * @param stages the convolutions, at least two, in the order of their sum.
 * @param sums their additions, one fewer.
 * @param norm the batch normalisation behind the last one, if that is its only reader.
 */
record StageSum(List<Network.Node> stages, List<Network.Node> sums, Optional<Network.Node> norm) {

  /**
   * Finds the sums of a network that reads and gives floats.
   *
   * @param trained the network.
   * @param wanted names of nodes whose values are needed, so that they are not inside a sum.
   * @return each sum by the name of its last node.
   */
  static Map<String, StageSum> of(TrainedNetwork trained, Set<String> wanted) {
    Network network = trained.network();
    Map<String, StageSum> sums = new HashMap<>();
    Set<String> inSums = new HashSet<>();
    for (Network.Node node : network.nodes()) {
      if (inSums.contains(node.name()) || !isStage(node, trained)) {
        continue;
      }
      StageSum sum = from(node, trained);
      boolean isWhole =
          !sum.sums.isEmpty() && sum.inner().map(Network.Node::name).noneMatch(wanted::contains);
      if (isWhole) {
        sums.put(sum.last().name(), sum);
        sum.inner().forEach(inner -> inSums.add(inner.name()));
      }
    }
    return sums;
  }

  private static StageSum from(Network.Node first, TrainedNetwork trained) {
    Readers readers = trained.network().readers();
    List<Network.Node> stages = new ArrayList<>(List.of(first));
    List<Network.Node> sums = new ArrayList<>();
    Network.Node last = first;
    while (stages.size() < CodedWeights.MAX_STAGES) {
      Network.Node add = readers.only(last.name(), Layer.Add.class).orElse(null);
      if (add == null || !add.inputs().get(0).equals(last.name())) {
        break;
      }
      Network.Node next = trained.network().node(add.inputs().get(1));
      boolean isNext =
          isStage(next, trained)
              && readers.of(next.name()).size() == 1
              && next.layer().equals(first.layer())
              && next.inputs().equals(first.inputs())
              && tau(next, trained) == tau(first, trained);
      if (!isNext) {
        break;
      }
      stages.add(next);
      sums.add(add);
      last = add;
    }
    return new StageSum(stages, sums, readers.only(last.name(), Layer.BatchNorm.class));
  }

  private static boolean isStage(Network.Node node, TrainedNetwork trained) {
    return node.layer() instanceof Layer.Conv conv
        && conv.activations() == Layer.Activations.REAL
        && trained.packed().containsKey(node.name());
  }

  private static int tau(Network.Node stage, TrainedNetwork trained) {
    return trained.packed().get(stage.name()).codebook().tau();
  }

  /** The node whose values the sum gives. */
  Network.Node last() {
    return norm.orElse(sums.get(sums.size() - 1));
  }

  /** The nodes whose values are not there any more. */
  Stream<Network.Node> inner() {
    return Stream.concat(stages.stream(), sums.stream()).filter(node -> node != last());
  }

  /** Weights and biases with the normalisation folded in. */
  Folded folded(TrainedNetwork trained) {
    List<FoldedConv> convs =
        stages.stream()
            .map(stage -> new FoldedConv(trained, new ConvChain(stage, norm, Optional.empty())))
            .toList();
    return new Folded(
        CodedWeights.of(convs.stream().map(FoldedConv::packedWeights).toList()),
        convs.get(0).bias());
  }

  /**
   * The sum as a convolution.
   *
   * @param weights its weights.
   * @param bias one summand per output channel.
   */
  record Folded(CodedWeights weights, float[] bias) {}
}

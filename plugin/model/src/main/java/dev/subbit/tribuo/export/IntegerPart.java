package dev.subbit.tribuo.export;

import dev.subbit.onnx.IntegerLayer;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The nodes of a network that one integer operator computes, all at once. */
sealed interface IntegerPart {

  /** The node after which the operator's node is named. */
  Network.Node named();

  /** The node whose values the operator reads. */
  String reads();

  /** The node whose values are added, where the operator adds any. */
  default Optional<String> residual() {
    return Optional.empty();
  }

  /** The node whose values the operator gives. */
  String value();

  /** The nodes whose values have to fit an activation. */
  default List<String> held() {
    return List.of(value());
  }

  /**
   * Turns the parameters of these nodes into integers.
   *
   * @param trained the network.
   * @param shapes the shapes of its nodes.
   * @param form how activations are held.
   * @throws DoesNotFitException if a number is too large for its integer.
   */
  IntegerLayer derive(TrainedNetwork trained, Map<String, NodeShape> shapes, IntegerForm form);

  /**
   * The first layers, which read pixels.
   *
   * @param image the input.
   * @param normalize the affine map of the pixels, if there is one.
   * @param chain a float convolution with its batch normalisation.
   * @param pool the max pooling behind it, if there is one.
   */
  record Stem(
      Network.Node image,
      Optional<Network.Node> normalize,
      ConvChain chain,
      Optional<Network.Node> pool)
      implements IntegerPart {

    @Override
    public Network.Node named() {
      return chain.conv();
    }

    @Override
    public String reads() {
      return image.name();
    }

    @Override
    public String value() {
      return pool.orElse(chain.normalized()).name();
    }

    @Override
    public IntegerLayer derive(
        TrainedNetwork trained, Map<String, NodeShape> shapes, IntegerForm form) {
      return IntegerStem.of(this, trained, shapes, form);
    }
  }

  /**
   * A convolution of signs without a shortcut around it.
   *
   * @param threshold where its signs come from.
   * @param conv the convolution.
   * @param pool the max pooling of its sums, if there is one.
   * @param norm the batch normalisation behind both, if there is one.
   */
  record Conv(
      BinaryLayers.Threshold threshold,
      Network.Node conv,
      Optional<Network.Node> pool,
      Optional<Network.Node> norm)
      implements IntegerPart {

    @Override
    public Network.Node named() {
      return conv;
    }

    @Override
    public String reads() {
      return threshold.value();
    }

    @Override
    public String value() {
      return norm.or(() -> pool).orElse(conv).name();
    }

    @Override
    public IntegerLayer derive(
        TrainedNetwork trained, Map<String, NodeShape> shapes, IntegerForm form) {
      return IntegerConv.of(this, trained, shapes, form);
    }
  }

  /**
   * A block of ReActNet.
   *
   * @param threshold where the signs of its convolution come from.
   * @param block its nodes.
   */
  record Block(BinaryLayers.Threshold threshold, BinaryLayers.Block block) implements IntegerPart {

    @Override
    public Network.Node named() {
      return block.chain().conv();
    }

    @Override
    public String reads() {
      return threshold.value();
    }

    @Override
    public Optional<String> residual() {
      return Optional.of(block.residual());
    }

    @Override
    public String value() {
      return block.shiftOut().name();
    }

    /** What the PReLU reads, and what the block gives. */
    @Override
    public List<String> held() {
      return List.of(block.shiftIn().name(), value());
    }

    @Override
    public IntegerLayer derive(
        TrainedNetwork trained, Map<String, NodeShape> shapes, IntegerForm form) {
      return IntegerBlock.of(this, trained, form);
    }
  }

  /**
   * A 1x1 convolution in a shortcut.
   *
   * @param pool the average pooling in front of it, if there is one.
   * @param chain the convolution with its batch normalisation.
   */
  record Shortcut(Optional<Network.Node> pool, ConvChain chain) implements IntegerPart {

    @Override
    public Network.Node named() {
      return chain.conv();
    }

    @Override
    public String reads() {
      return pool.orElse(chain.conv()).inputs().get(0);
    }

    @Override
    public String value() {
      return chain.normalized().name();
    }

    @Override
    public IntegerLayer derive(
        TrainedNetwork trained, Map<String, NodeShape> shapes, IntegerForm form) {
      return IntegerShortcut.of(this, trained, form);
    }
  }

  /**
   * The last layers, which give logits.
   *
   * @param positions makes a vector of feature maps: a global average pooling, or a flattening.
   * @param dense the fully connected layer.
   */
  record Classifier(Network.Node positions, Network.Node dense) implements IntegerPart {

    @Override
    public Network.Node named() {
      return dense;
    }

    @Override
    public String reads() {
      return positions.inputs().get(0);
    }

    @Override
    public String value() {
      return dense.name();
    }

    /** None: logits are floats. */
    @Override
    public List<String> held() {
      return List.of();
    }

    @Override
    public IntegerLayer derive(
        TrainedNetwork trained, Map<String, NodeShape> shapes, IntegerForm form) {
      return IntegerClassifier.of(this, trained, shapes, form);
    }
  }
}

package dev.subbit.tribuo.network;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.ConfigurableName;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * A network in words: its parts, from the image to the classifier, for images of any size. The
 * named networks of {@link Networks} are such descriptions, and a configuration can hold others.
 *
 * <p>The first convolution, convolutions other than 3x3, and the classifier keep float weights and
 * real activations; the other convolutions get the kinds that {@link #build} is given. Immutable
 * once configured, and safe for use by many threads.
 */
public final class NetworkDescription
    implements Configurable, Provenancable<ConfiguredObjectProvenance> {

  /** What the classifier reads. */
  public enum Head {
    /** The mean of each channel over height and width. */
    AVERAGE,
    /** All values. The network is then for images of one size. */
    FLATTEN
  }

  @ConfigurableName private String name = "own";

  @Config(
      mandatory = true,
      description = "The layers, in their order: Stem, Convolutions or ResidualStage.")
  private List<NetworkPart> layers = new ArrayList<>();

  @Config(
      description =
          "What the classifier reads: AVERAGE, the channels' means, or FLATTEN, all values.")
  private Head head = Head.AVERAGE;

  /** For OLCUT, which fills in the configured fields. */
  private NetworkDescription() {}

  /**
   * Makes a description in code.
   *
   * @param name the network's name.
   * @param layers its parts, in their order; at least one.
   * @param head what the classifier reads.
   * @throws PropertyException if there is no part, or a stem is not the first.
   */
  public NetworkDescription(String name, List<NetworkPart> layers, Head head) {
    this.name = name;
    this.layers = List.copyOf(layers);
    this.head = head;
    postConfig();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if there is no part, or a stem is not the first; the message names
   *     the part.
   */
  @Override
  public void postConfig() {
    FieldCheck check = new FieldCheck(name);
    check.require(!layers.isEmpty(), "layers", "empty", "one layer and more");
    for (int i = 1; i < layers.size(); i++) {
      NetworkPart part = layers.get(i);
      check.require(
          !(part instanceof Stem),
          "layer " + (i + 1),
          "the stem '" + part.name() + "'",
          "a Stem as the first layer only");
    }
    check.require(
        !(layers.get(0) instanceof ResidualStage),
        "layer 1",
        "the residual stage '" + layers.get(0).name() + "'",
        "a Stem or Convolutions as the first layer");
  }

  /**
   * The network's name.
   *
   * @return the name of the component that configures it.
   */
  public String name() {
    return name;
  }

  /**
   * Builds the network.
   *
   * @param input shape of the images.
   * @param classes number of classes, at least 1.
   * @param weights how the 3x3 convolutions after the first hold their weights.
   * @param activations how those convolutions use their input.
   * @return the network, whose layers fit together.
   * @throws IllegalArgumentException if there is no class, or a layer is too large for these
   *     images; the message names the node.
   */
  public Network build(ImageShape input, int classes, Weights weights, Activations activations) {
    if (classes < 1) {
      throw new IllegalArgumentException("A network needs at least one class, found " + classes);
    }
    NetworkBuilder builder = new NetworkBuilder(input, weights, activations);
    layers.forEach(part -> part.addTo(builder));
    builder.classifier(head, classes);
    Network network = new Network(name, input, classes, builder.nodes());
    NetworkShapes.of(network);
    return network;
  }

  @Override
  public String toString() {
    return name;
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "NetworkDescription");
  }
}

package dev.subbit.tribuo.network;

import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The networks that can be built by name, for images of any size:
 *
 * <ul>
 *   <li>{@code resnet8}, {@code resnet14}, {@code resnet20}, {@code resnet32}, {@code resnet56}: He
 *       et al.'s residual networks for CIFAR, three stages of 16, 32 and 64 channels;
 *   <li>{@code resnet18}, {@code resnet34}: those for ImageNet, four stages of 64 to 512 channels.
 *       Images of more than 64 rows or columns enter by a 7x7 convolution and a max pooling that
 *       both halve them, smaller ones by a 3x3 convolution;
 *   <li>{@code vgg-small}: six plain convolutions of 128 to 512 channels.
 * </ul>
 *
 * <p>The first convolution, 1x1 convolutions and the classifier keep float weights and real
 * activations. {@link ResidualNetwork} and {@link VggSmall} say what binary activations change.
 */
public final class Networks {

  private static final Map<String, Architecture> BY_NAME =
      new TreeMap<>(
          Map.of(
              "resnet8", ResidualNetwork.forCifar(1),
              "resnet14", ResidualNetwork.forCifar(2),
              "resnet20", ResidualNetwork.forCifar(3),
              "resnet32", ResidualNetwork.forCifar(5),
              "resnet56", ResidualNetwork.forCifar(9),
              "resnet18", ResidualNetwork.forImageNet(2, 2, 2, 2),
              "resnet34", ResidualNetwork.forImageNet(3, 4, 6, 3),
              "vgg-small", new VggSmall()));

  private Networks() {}

  /**
   * The names that {@link #build} knows.
   *
   * @return the names, sorted.
   */
  public static SortedSet<String> names() {
    return Collections.unmodifiableSortedSet(new TreeSet<>(BY_NAME.keySet()));
  }

  /**
   * Builds a network.
   *
   * @param name one of {@link #names()}.
   * @param input shape of the images; any size.
   * @param classes number of classes, at least 1.
   * @param weights how the 3x3 convolutions after the first hold their weights.
   * @param activations how those convolutions use their input.
   * @return the network.
   * @throws IllegalArgumentException if the name is unknown or there is no class.
   */
  public static Network build(
      String name, ImageShape input, int classes, Weights weights, Activations activations) {
    Architecture architecture = BY_NAME.get(name);
    if (architecture == null) {
      throw new IllegalArgumentException(
          "There is no network '" + name + "', there are " + BY_NAME.keySet());
    }
    if (classes < 1) {
      throw new IllegalArgumentException("A network needs at least one class, found " + classes);
    }
    NetworkBuilder builder = new NetworkBuilder(weights, activations);
    architecture.addTo(builder, input, classes);
    return new Network(name, input, classes, builder.nodes());
  }
}

package dev.subbit.tribuo.network;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import java.util.Collections;
import java.util.SortedMap;
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
 * activations. {@link ResidualStage} and {@link Convolutions} say what binary activations change.
 * The resource {@code networks.xml} holds the descriptions; it is an example for networks of your
 * own.
 */
public final class Networks {

  private static final SortedMap<String, NetworkDescription> BY_NAME = read();

  private Networks() {}

  /**
   * The names that {@link #build} knows.
   *
   * @return the names, sorted.
   */
  public static SortedSet<String> names() {
    return new TreeSet<>(BY_NAME.keySet());
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
    return description(name).build(input, classes, weights, activations);
  }

  /**
   * The description of a network.
   *
   * @param name one of {@link #names()}.
   * @return the description.
   * @throws IllegalArgumentException if the name is unknown.
   */
  public static NetworkDescription description(String name) {
    NetworkDescription description = BY_NAME.get(name);
    if (description == null) {
      throw new IllegalArgumentException(
          "There is no network '" + name + "', there are " + BY_NAME.keySet());
    }
    return description;
  }

  private static SortedMap<String, NetworkDescription> read() {
    try (ConfigurationManager manager =
        new ConfigurationManager(Networks.class.getResource("networks.xml"))) {
      return Collections.unmodifiableSortedMap(
          new TreeMap<>(manager.lookupAllMap(NetworkDescription.class)));
    }
  }
}

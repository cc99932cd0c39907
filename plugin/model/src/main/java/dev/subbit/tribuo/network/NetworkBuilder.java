package dev.subbit.tribuo.network;

import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * A network under construction: its nodes, and the place behind which the next one comes. Not
 * thread-safe.
 */
public final class NetworkBuilder {

  /**
   * A node, and the shape of what it gives.
   *
   * @param node the node's name.
   * @param channels its channels.
   * @param height its rows.
   * @param width its columns.
   */
  record Place(String node, int channels, int height, int width) {}

  private final ImageShape images;
  private final Weights weights;
  private final Activations activations;
  private final List<Network.Node> nodes = new ArrayList<>();
  private Place place;
  private int convolutions;
  private int stages;

  /**
   * Starts a network with its image, whose pixels are mapped from 0..255 to -1..1.
   *
   * @param images shape of the images.
   * @param weights how {@link #conv3x3} holds its weights.
   * @param activations how {@link #conv3x3} uses its input.
   */
  NetworkBuilder(ImageShape images, Weights weights, Activations activations) {
    this.images = images;
    this.weights = weights;
    this.activations = activations;
    nodes.add(new Network.Node("image", new Layer.Input(), List.of()));
    this.place = new Place("image", images.channels(), images.height(), images.width());
    add("normalize", new Layer.Normalize(2f / 255f, -1f));
  }

  ImageShape images() {
    return images;
  }

  boolean hasBinaryActivations() {
    return activations == Activations.BINARY;
  }

  /** Whether the next layer reads the image. */
  boolean readsImage() {
    return place.node().equals("normalize");
  }

  List<Network.Node> nodes() {
    return nodes;
  }

  Place place() {
    return place;
  }

  void goOnFrom(Place other) {
    place = other;
  }

  /** The number of the next plain convolution, from 0. */
  int nextConvolution() {
    return convolutions++;
  }

  /** The number of the next stage, from 1. */
  int nextStage() {
    return ++stages;
  }

  /** Adds a layer that keeps the shape. */
  void add(String name, Layer layer) {
    add(name, layer, place.channels(), 1);
  }

  void batchNorm(String name) {
    add(name, new Layer.BatchNorm(place.channels()));
  }

  void maxPool(String name, int kernel) {
    add(name, new Layer.MaxPool(kernel), place.channels(), 2);
  }

  void averagePool(String name) {
    add(name, new Layer.AveragePool(), place.channels(), 2);
  }

  /** A convolution that keeps float weights and takes its input as it is. */
  void floatConv(String name, int out, int kernel, int stride) {
    conv(name, out, kernel, stride, Weights.FLOAT, Activations.REAL);
  }

  /** A convolution with the network's kind of weights and activations. */
  void conv3x3(String name, int out, int stride) {
    conv(name, out, Layer.Conv.SUB_BIT_KERNEL, stride, weights, activations);
  }

  private void conv(
      String name, int out, int kernel, int stride, Weights weights, Activations activations) {
    Layer conv = new Layer.Conv(place.channels(), out, kernel, stride, weights, activations);
    add(name, conv, out, stride);
  }

  private void add(String name, Layer layer, int channels, int stride) {
    nodes.add(new Network.Node(name, layer, List.of(place.node())));
    place =
        new Place(
            name,
            channels,
            (place.height() + stride - 1) / stride,
            (place.width() + stride - 1) / stride);
  }

  /** Adds two values of one shape. */
  void addUp(String name, Place first, Place second) {
    nodes.add(new Network.Node(name, new Layer.Add(), List.of(first.node(), second.node())));
    place = new Place(name, first.channels(), first.height(), first.width());
  }

  /** Adds the classifier, the last layer, to the means of the channels or to all values. */
  void classifier(NetworkDescription.Head head, int classes) {
    int features = place.channels();
    if (head == NetworkDescription.Head.AVERAGE) {
      add("pool", new Layer.GlobalAveragePool());
    } else {
      features = Math.multiplyExact(features, Math.multiplyExact(place.height(), place.width()));
      add("flatten", new Layer.Flatten());
    }
    add("classifier", new Layer.Dense(features, classes));
  }
}

package dev.subbit.tribuo.network;

import java.util.List;

/**
 * Infers the shape that a node gives for one image, and checks that its layer fits what it reads.
 */
final class ShapeInference implements Layer.Visitor<NodeShape> {

  private final Network network;
  private final Network.Node node;
  private final List<NodeShape> inputs;

  /**
   * Prepares the inference for one node.
   *
   * @param network the network.
   * @param node the node.
   * @param inputs the shapes of the nodes that it reads.
   */
  ShapeInference(Network network, Network.Node node, List<NodeShape> inputs) {
    this.network = network;
    this.node = node;
    this.inputs = inputs;
  }

  @Override
  public NodeShape input(Layer.Input input) {
    require(node == network.nodes().get(0), "is a second input");
    ImageShape image = network.input();
    return new NodeShape(image.channels(), image.height(), image.width());
  }

  @Override
  public NodeShape normalize(Layer.Normalize normalize) {
    NodeShape in = featureMaps();
    require(
        Float.isFinite(normalize.scale()) && Float.isFinite(normalize.offset()),
        "normalizes by " + normalize.scale() + " and " + normalize.offset());
    return in;
  }

  @Override
  public NodeShape conv(Layer.Conv conv) {
    NodeShape in = featureMaps(conv.in());
    return new NodeShape(
        conv.out(), strided(in.height(), conv.stride()), strided(in.width(), conv.stride()));
  }

  @Override
  public NodeShape batchNorm(Layer.BatchNorm norm) {
    return featureMaps(norm.channels());
  }

  @Override
  public NodeShape relu(Layer.Relu relu) {
    return inputs.get(0);
  }

  @Override
  public NodeShape shift(Layer.Shift shift) {
    return featureMaps(shift.channels());
  }

  @Override
  public NodeShape prelu(Layer.PRelu prelu) {
    return featureMaps(prelu.channels());
  }

  @Override
  public NodeShape add(Layer.Add add) {
    NodeShape in = inputs.get(0);
    require(in.equals(inputs.get(1)), "adds " + in + " and " + inputs.get(1));
    return in;
  }

  @Override
  public NodeShape averagePool(Layer.AveragePool pool) {
    return halved(featureMaps());
  }

  @Override
  public NodeShape maxPool(Layer.MaxPool pool) {
    return halved(featureMaps());
  }

  @Override
  public NodeShape globalAveragePool(Layer.GlobalAveragePool pool) {
    return NodeShape.vector(featureMaps().channels());
  }

  @Override
  public NodeShape flatten(Layer.Flatten flatten) {
    return NodeShape.vector(Math.toIntExact(featureMaps().size()));
  }

  @Override
  public NodeShape dense(Layer.Dense dense) {
    NodeShape in = inputs.get(0);
    require(dense.out() >= 1, "has " + dense.out() + " outputs");
    require(
        in.equals(NodeShape.vector(dense.in())),
        "reads " + in + " where a vector of " + dense.in() + " is needed");
    return NodeShape.vector(dense.out());
  }

  private NodeShape featureMaps() {
    NodeShape in = inputs.get(0);
    require(!in.isVector(), "needs feature maps and reads the vector " + in);
    return in;
  }

  private NodeShape featureMaps(int channels) {
    NodeShape in = featureMaps();
    require(
        in.channels() == channels, "reads " + in + " where " + channels + " channels are needed");
    return in;
  }

  private static NodeShape halved(NodeShape in) {
    return new NodeShape(in.channels(), strided(in.height(), 2), strided(in.width(), 2));
  }

  /** Output size of a padded convolution, and of pooling that keeps a last odd row. */
  private static int strided(int size, int stride) {
    return (size - 1) / stride + 1;
  }

  private void require(boolean holds, String what) {
    NetworkShapes.require(holds, node, what);
  }
}

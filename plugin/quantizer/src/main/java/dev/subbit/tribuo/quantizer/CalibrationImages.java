package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.classification.Label;

/** Images that a network is run on to observe the values of its nodes. */
final class CalibrationImages {

  private final List<Example<Label>> examples;
  private final PixelMap pixels;

  /** Receives the values of one node for one batch of images. */
  @FunctionalInterface
  interface Observer {
    /**
     * Receives the values, batch by batch.
     *
     * @param node name of the node.
     * @param values its values for all images of the batch, [images, channels, height, width].
     */
    void observe(String node, float[] values);
  }

  /**
   * Takes images from a dataset.
   *
   * @param data the dataset.
   * @param count number of images to take, spread evenly; all if there are fewer.
   * @param pixels where the features lie in an image.
   * @throws IllegalArgumentException if there is no image.
   */
  CalibrationImages(Dataset<Label> data, int count, PixelMap pixels) {
    if (data.size() == 0) {
      throw new IllegalArgumentException("Calibration needs at least one image, the data has none");
    }
    int taken = Math.min(count, data.size());
    this.examples =
        IntStream.range(0, taken)
            .mapToObj(i -> data.getExample((int) ((long) i * data.size() / taken)))
            .toList();
    this.pixels = pixels;
  }

  /**
   * Runs a network over all images, a batch at a time; no more than one batch is in memory. It runs
   * on its function bodies, since the measurement must not depend on the kernels of this machine.
   *
   * @param network the network.
   * @param nodes the nodes to observe, as {@link OnnxExporter#exportValues} takes them.
   * @param observer receives the values.
   * @throws IllegalArgumentException if a value is not finite.
   */
  void run(TrainedNetwork network, List<String> nodes, Observer observer) {
    ModelProto model = OnnxExporter.exportValues(network, pixels.positions(), nodes);
    int batchSize = NetworkShapes.batchSize(network.network());
    try (GraphSession session = new GraphSession(model)) {
      for (int first = 0; first < examples.size(); first += batchSize) {
        Iterator<FloatArray> values = session.run(feed(first, batchSize)).values().iterator();
        for (String node : nodes) {
          float[] ofNode = values.next().values();
          requireFinite(node, ofNode);
          observer.observe(node, ofNode);
        }
      }
    }
  }

  /** The images as the inputs of an exported model, batch by batch. */
  List<Feed> feeds(int batchSize) {
    List<Feed> feeds = new ArrayList<>();
    for (int first = 0; first < examples.size(); first += batchSize) {
      feeds.add(feed(first, batchSize));
    }
    return feeds;
  }

  private Feed feed(int first, int batchSize) {
    List<Example<Label>> batch =
        examples.subList(first, Math.min(examples.size(), first + batchSize));
    float[] rows = pixels.featureRows(batch);
    long[] shape = {batch.size(), rows.length / batch.size()};
    return new Feed(Map.of(OnnxExporter.INPUT, Feed.Tensor.of(new FloatArray(shape, rows))));
  }

  private static void requireFinite(String node, float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(
            "Node '"
                + node
                + "' gives "
                + value
                + " on a calibration image; a network whose values overflow cannot be quantized");
      }
    }
  }
}

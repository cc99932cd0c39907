package dev.subbit.tribuo;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.classification.Label;

/** Images that a network is run on to see what values its nodes take. */
final class CalibrationImages {

  /** Function bodies only: the measurement must not depend on the kernels of this machine. */
  private static final BackendChoice BACKEND = new BackendChoice("onnxruntime", Map.of());

  private final List<Example<Label>> examples;
  private final PixelMap pixels;

  /** Sees the values of one node for one batch of images. */
  @FunctionalInterface
  interface Observer {
    /**
     * Called batch by batch.
     *
     * @param node name of the node.
     * @param values its values for all images of the batch, [images, channels, height, width].
     */
    void observe(String node, float[] values);
  }

  /**
   * Takes images from a data set.
   *
   * @param data the data set.
   * @param count so many images, spread evenly, or all if there are fewer.
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
   * Runs a network over all images, a batch at a time; no more than one batch is in memory.
   *
   * @param network the network.
   * @param nodes the nodes to look at, as {@link OnnxExporter#exportValues} takes them.
   * @param observer sees the values.
   * @throws IllegalArgumentException if a value is not finite.
   */
  void run(TrainedNetwork network, List<String> nodes, Observer observer) {
    int[] positions = pixels.positions();
    ModelProto model = OnnxExporter.exportValues(network, positions, nodes);
    int batchSize = SubBitModel.batchSize(network);
    try (ModelSession session = new ModelSession(model::toByteArray, BACKEND)) {
      for (int first = 0; first < examples.size(); first += batchSize) {
        List<Example<Label>> batch =
            new ArrayList<>(examples.subList(first, Math.min(examples.size(), first + batchSize)));
        List<float[]> values =
            session.run(
                OnnxExporter.INPUT,
                SubBitModel.featureRows(batch, pixels),
                batch.size(),
                positions.length);
        for (int i = 0; i < nodes.size(); i++) {
          requireFinite(nodes.get(i), values.get(i));
          observer.observe(nodes.get(i), values.get(i));
        }
      }
    }
  }

  /** The images as the inputs of an exported model, a batch at a time. */
  List<Feed> feeds(int batchSize) {
    List<Feed> feeds = new ArrayList<>();
    for (int first = 0; first < examples.size(); first += batchSize) {
      List<Example<Label>> batch =
          examples.subList(first, Math.min(examples.size(), first + batchSize));
      float[] rows = SubBitModel.featureRows(batch, pixels);
      long[] shape = {batch.size(), rows.length / batch.size()};
      Feed.Tensor tensor = Feed.Tensor.of(new FloatArray(shape, rows));
      feeds.add(new Feed(Map.of(OnnxExporter.INPUT, tensor)));
    }
    return feeds;
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

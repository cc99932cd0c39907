package dev.subbit.tribuo.export;

import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.network.NodeShape;
import java.util.Arrays;
import java.util.List;

/** Writes the nodes that turn Tribuo's rows of features into images. */
final class ImageInput {

  private ImageInput() {}

  /**
   * Writes the map from [batch, features] to [batch, C, H, W].
   *
   * @param graph the graph to write to.
   * @param features the tensor of the features.
   * @param positions the pixel position of each feature; distinct.
   * @param name name of the tensor to make.
   * @param image its shape.
   * @return the name.
   */
  static String write(
      OnnxGraph graph, String features, int[] positions, String name, NodeShape image) {
    String pixels = features;
    if (!isEveryPixelInOrder(positions, (int) image.size())) {
      // Pixels without a feature are read from a column of zeros behind the features.
      long[] columnOfPixel = new long[(int) image.size()];
      Arrays.fill(columnOfPixel, positions.length);
      for (int feature = 0; feature < positions.length; feature++) {
        columnOfPixel[positions[feature]] = feature;
      }
      String padded =
          graph.node(
              name + "/padded", "Pad", List.of(pixels, graph.longs(name + "/pads", 0, 0, 0, 1)));
      pixels =
          graph.node(
              name + "/gathered",
              "Gather",
              List.of(padded, graph.longs(name + "/columns", columnOfPixel)),
              OnnxProtos.attribute("axis", 1));
    }
    String shape = graph.longs(name + "/shape", 0, image.channels(), image.height(), image.width());
    return graph.node(name, "Reshape", List.of(pixels, shape));
  }

  private static boolean isEveryPixelInOrder(int[] positions, int size) {
    for (int feature = 0; feature < positions.length; feature++) {
      if (positions[feature] != feature) {
        return false;
      }
    }
    return positions.length == size;
  }
}

package dev.subbit.cli.bench;

import java.util.List;

/**
 * A 3x3 convolution to measure: stride 1, padding 1, as many output channels as input channels.
 *
 * @param network the network it comes from.
 * @param size rows and columns of the image.
 * @param channels input and output channels.
 * @param chain how many such layers a measured model has, one behind the other. Layers that take
 *     microseconds are measured 16 at a time, so that the cost of calling ONNX Runtime is shared.
 */
public record LayerShape(String network, int size, int channels, int chain) {

  private static final int SMALL_LAYERS = 16;

  /** The layers of ResNet-18 for images of 224x224 and of ResNet-20 for those of 32x32. */
  public static final List<LayerShape> ALL =
      List.of(
          new LayerShape("resnet18", 56, 64, 1),
          new LayerShape("resnet18", 28, 128, 1),
          new LayerShape("resnet18", 14, 256, 1),
          new LayerShape("resnet18", 7, 512, 1),
          new LayerShape("resnet20", 32, 16, SMALL_LAYERS),
          new LayerShape("resnet20", 16, 32, SMALL_LAYERS),
          new LayerShape("resnet20", 8, 64, SMALL_LAYERS));

  /**
   * The name that users give and see.
   *
   * @return rows x columns x channels, such as {@code 56x56x64}.
   */
  public String label() {
    return size + "x" + size + "x" + channels;
  }

  /**
   * Sub-bit operators of this shape beside standard convolutions.
   *
   * @param operators the sub-bit operators.
   * @param stages the numbers of stages, as {@link LayerOperator#forms} takes them.
   * @return all that is measured.
   */
  Contest contest(List<LayerOperator> operators, List<Integer> stages) {
    return new Contest(
        label(),
        network,
        chain,
        LayerPeer.FP32.model(this),
        LayerPeer.INT8.model(this),
        operators.stream().flatMap(operator -> operator.forms(this, stages).stream()).toList());
  }

  /** Sub-bit operators of one stage beside standard convolutions. */
  Contest contest(List<LayerOperator> operators) {
    return contest(operators, List.of(1));
  }

  /** Values of the input, and of the output. */
  long[] tensorShape() {
    return new long[] {1, channels, size, size};
  }
}

package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.Codebook;
import java.util.Arrays;
import java.util.Random;

/** Standard convolutions of the same size, as they are measured beside the sub-bit ones. */
enum LayerPeer {
  /** {@code Conv} in float. */
  FP32 {
    @Override
    ModelProto model(LayerShape shape) {
      int channels = shape.channels();
      LayerGraph graph = new LayerGraph();
      float[] weights = new float[channels * channels * Codebook.TAPS];
      Random random = new Random(SEED);
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) (random.nextGaussian() / Math.sqrt(channels * Codebook.TAPS));
      }
      String x = graph.input("x", DataType.FLOAT, shape.tensorShape());
      String w = graph.floats("w", weights, channels, channels, 3, 3);
      String bias = graph.floats("bias", new float[channels], channels);
      for (int layer = 0; layer < shape.chain(); layer++) {
        x = graph.conv("y" + layer, "Conv", x, w, bias);
      }
      graph.output(x, DataType.FLOAT, shape.tensorShape());
      return graph.model();
    }
  },

  /**
   * {@code Conv} in 8 bits: uint8 activations, int8 weights with one scale per output channel.
   * Between DequantizeLinear and QuantizeLinear, which ONNX Runtime turns into {@code QLinearConv}:
   * OpenVINO misreads that operator where there are several scales.
   */
  INT8 {
    @Override
    ModelProto model(LayerShape shape) {
      int channels = shape.channels();
      LayerGraph graph = new LayerGraph();
      byte[] weights = new byte[channels * channels * Codebook.TAPS];
      Random random = new Random(SEED);
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (byte) (random.nextInt(255) - 127);
      }
      float[] scales = new float[channels];
      Arrays.fill(scales, (float) (1 / (WEIGHT_SPREAD * Math.sqrt(channels * Codebook.TAPS))));
      String x = graph.input("x", DataType.UINT8, shape.tensorShape());
      String scale = graph.floats("range_scale", new float[] {1});
      String zero = graph.bytes("range_zero", DataType.UINT8, new byte[] {(byte) 128});
      String bytes = graph.bytes("w", DataType.INT8, weights, channels, channels, 3, 3);
      String wScale = graph.floats("w_scale", scales, channels);
      String wZero = graph.bytes("w_zero", DataType.INT8, new byte[channels], channels);
      for (int layer = 0; layer < shape.chain(); layer++) {
        String real = graph.rescaled("x" + layer, "DequantizeLinear", 1, x, scale, zero);
        String w = graph.rescaled("w" + layer, "DequantizeLinear", 0, bytes, wScale, wZero);
        String y = graph.conv("conv" + layer, "Conv", real, w);
        x = graph.rescaled("y" + layer, "QuantizeLinear", 1, y, scale, zero);
      }
      graph.output(x, DataType.UINT8, shape.tensorShape());
      return graph.model();
    }
  };

  /** Standard deviation of the int8 weights, which are uniform. */
  private static final double WEIGHT_SPREAD = 254 / Math.sqrt(12);

  private static final long SEED = 7;

  /**
   * The model to measure.
   *
   * @param shape the layer.
   * @return a model of as many layers in a row as the shape says.
   */
  abstract ModelProto model(LayerShape shape);
}

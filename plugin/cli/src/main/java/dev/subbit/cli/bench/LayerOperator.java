package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.IntegerLayer;
import dev.subbit.onnx.IntegerNodes;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.PackedSignNodes;
import dev.subbit.onnx.PackedSignNodes.BlockParameters;
import dev.subbit.onnx.PackedSignNodes.PackedOutputs;
import dev.subbit.onnx.SubBitNodes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * The sub-bit operators as they are measured: each makes a model of as many layers in a row as the
 * shape asks for, with random weights that keep the size of the values from layer to layer.
 */
public enum LayerOperator {
  /** {@code SubBitConv}, or {@code StagedSubBitConv} for several stages: float in, float out. */
  REAL("real") {
    @Override
    void layers(LayerGraph graph, LayerShape shape, PackedConvWeights weights) {
      String x = graph.input("x", DataType.FLOAT, shape.tensorShape());
      for (int layer = 0; layer < shape.chain(); layer++) {
        x = SubBitNodes.conv(graph.proto(), "y" + layer, x, weights, GEOMETRY, bias(shape));
      }
      graph.output(x, DataType.FLOAT, shape.tensorShape());
    }

    @Override
    List<Contest.Form> forms(LayerShape shape, List<Integer> stages) {
      return stages.stream()
          .map(
              count ->
                  count == 1
                      ? form(shape)
                      : new Contest.Form(
                          label() + ", " + count + " stages",
                          null,
                          tau -> stagedModel(shape, tau, count)))
          .toList();
    }

    /** {@code StagedSubBitConv} in place of {@code SubBitConv}. */
    private ModelProto stagedModel(LayerShape shape, int tau, int stages) {
      LayerGraph graph = new LayerGraph();
      Random random = new Random(SEED);
      List<PackedConvWeights> summands = new ArrayList<>();
      for (int s = 0; s < stages; s++) {
        summands.add(RandomWeights.draw(shape.channels(), shape.channels(), tau, random));
      }
      String x = graph.input("x", DataType.FLOAT, shape.tensorShape());
      for (int layer = 0; layer < shape.chain(); layer++) {
        x =
            SubBitNodes.stagedConv(
                graph.proto(), "y" + layer, x, CodedWeights.of(summands), GEOMETRY, bias(shape));
      }
      graph.output(x, DataType.FLOAT, shape.tensorShape());
      return graph.model();
    }
  },

  /** {@code BinarySubBitConv}: float in, binarised inside, float out. */
  BINARY("binary") {
    @Override
    void layers(LayerGraph graph, LayerShape shape, PackedConvWeights weights) {
      String x = graph.input("x", DataType.FLOAT, shape.tensorShape());
      for (int layer = 0; layer < shape.chain(); layer++) {
        x = SubBitNodes.binaryConv(graph.proto(), "y" + layer, x, weights, GEOMETRY, bias(shape));
      }
      graph.output(x, DataType.FLOAT, shape.tensorShape());
    }
  },

  /** {@code PackedBinarySubBitConv}: packed signs in, packed signs out. */
  BINARY_PACKED("binary-packed") {
    @Override
    void layers(LayerGraph graph, LayerShape shape, PackedConvWeights weights) {
      String signs = graph.input("signs", DataType.UINT8, packedShape(shape));
      for (int layer = 0; layer < shape.chain(); layer++) {
        String node = "y" + layer;
        PackedSignNodes.packedBinaryConv(
            graph.proto(), node, signs, weights, GEOMETRY, bias(shape), PackedOutputs.SIGNS);
        signs = PackedSignNodes.signsOf(node);
      }
      graph.output(signs, DataType.UINT8, packedShape(shape));
    }
  },

  /**
   * {@code BinarySubBitBlock}: packed signs and a float residual in, packed signs and floats out;
   * the convolution with all layers around it in ReActNet.
   */
  BINARY_BLOCK("binary-block") {
    @Override
    void layers(LayerGraph graph, LayerShape shape, PackedConvWeights weights) {
      String signs = graph.input("signs", DataType.UINT8, packedShape(shape));
      String residual = graph.input("residual", DataType.FLOAT, shape.tensorShape());
      float[] slope = new float[shape.channels()];
      Arrays.fill(slope, SLOPE);
      BlockParameters parameters =
          new BlockParameters(bias(shape), bias(shape), slope, bias(shape), bias(shape));
      for (int layer = 0; layer < shape.chain(); layer++) {
        String node = "y" + layer;
        PackedSignNodes.block(
            graph.proto(),
            node,
            signs,
            weights,
            GEOMETRY,
            residual,
            parameters,
            PackedOutputs.VALUES_AND_SIGNS);
        signs = PackedSignNodes.signsOf(node);
        residual = node;
      }
      graph.output(residual, DataType.FLOAT, shape.tensorShape());
      graph.output(signs, DataType.UINT8, packedShape(shape));
    }
  },

  /**
   * {@code IntegerSubBitBlock}: a block in integers, int16 in and out, channels last. Alone, it
   * makes the signs that it reads; in an integer network, those that the next layer reads.
   */
  INTEGER_BLOCK("integer-block") {
    @Override
    void layers(LayerGraph graph, LayerShape shape, PackedConvWeights weights) {
      long[] channelsLast = {1, shape.size(), shape.size(), shape.channels()};
      String x = graph.input("x", DataType.INT16, channelsLast);
      IntegerLayer.Block block = integerBlock(shape.channels(), weights);
      for (int layer = 0; layer < shape.chain(); layer++) {
        x = IntegerNodes.add(graph.proto(), "y" + layer, x, x, block);
      }
      graph.output(x, DataType.INT16, channelsLast);
    }

    @Override
    String baseline() {
      return BINARY_BLOCK.label();
    }
  },

  /** {@code QLinearSubBitConv}: uint8 in, uint8 out. */
  INT8("int8") {
    @Override
    void layers(LayerGraph graph, LayerShape shape, PackedConvWeights weights) {
      String x = graph.input("x", DataType.UINT8, shape.tensorShape());
      String scale = graph.floats("range_scale", new float[] {1});
      String zero = graph.bytes("range_zero", DataType.UINT8, new byte[] {(byte) 128});
      for (int layer = 0; layer < shape.chain(); layer++) {
        x =
            SubBitNodes.qLinearConv(
                graph.proto(),
                "y" + layer,
                x,
                scale,
                zero,
                weights,
                GEOMETRY,
                scale,
                zero,
                new int[shape.channels()]);
      }
      graph.output(x, DataType.UINT8, shape.tensorShape());
    }
  };

  private static final ConvAttributes GEOMETRY = ConvAttributes.of(1, 1);
  private static final long SEED = 7;
  private static final float SLOPE = 0.25f;
  private static final int WIDTH = 16;
  private static final int FRACTION_BITS = 8;

  private final String label;

  LayerOperator(String label) {
    this.label = label;
  }

  /**
   * The name that users give and see.
   *
   * @return such as {@code binary}.
   */
  public String label() {
    return label;
  }

  /** The name of the form that it is to be faster than, or null. */
  String baseline() {
    return null;
  }

  /**
   * What is measured of the operator.
   *
   * @param shape the layer.
   * @param stages the numbers of stages that float weights are the sum of; other operators have
   *     one.
   * @return the forms.
   */
  List<Contest.Form> forms(LayerShape shape, List<Integer> stages) {
    return List.of(form(shape));
  }

  /** The operator with one stage. */
  Contest.Form form(LayerShape shape) {
    return new Contest.Form(label, baseline(), tau -> model(shape, tau));
  }

  /**
   * The model to measure.
   *
   * @param shape the layer.
   * @param tau bits of an index, 1 to 9.
   * @return a model with one input and one output, except where the operator needs more.
   */
  public ModelProto model(LayerShape shape, int tau) {
    LayerGraph graph = new LayerGraph();
    layers(
        graph,
        shape,
        RandomWeights.draw(shape.channels(), shape.channels(), tau, new Random(SEED)));
    return graph.model();
  }

  /** Adds the input, the layers and the output. */
  abstract void layers(LayerGraph graph, LayerShape shape, PackedConvWeights weights);

  /** A block with the scale, the slope and the summands of the float one. */
  private static IntegerLayer.Block integerBlock(int channels, PackedConvWeights weights) {
    int taps = channels * Codebook.TAPS;
    int shift = 0;
    while (taps << (shift + 1) <= Short.MAX_VALUE) {
      shift++;
    }
    short[] multiplier = new short[channels];
    Arrays.fill(
        multiplier,
        (short) Math.rint(Math.scalb(1 / Math.sqrt(taps), FRACTION_BITS + Short.SIZE - 1 - shift)));
    short[] slope = new short[channels];
    Arrays.fill(slope, (short) Math.rint(Math.scalb(SLOPE, Short.SIZE - 1)));
    short[] zeros = new short[channels];
    return new IntegerLayer.Block(
        weights, 1, zeros, multiplier, zeros, shift, slope, 0, zeros, WIDTH);
  }

  private static long[] packedShape(LayerShape shape) {
    long[] packed = shape.tensorShape();
    packed[1] = (packed[1] + Byte.SIZE - 1) / Byte.SIZE;
    return packed;
  }

  private static float[] bias(LayerShape shape) {
    return new float[shape.channels()];
  }
}

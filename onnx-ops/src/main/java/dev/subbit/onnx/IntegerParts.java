package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a layer of an integer network becomes in a model, checked: its operator, attributes and
 * parameters.
 *
 * @param operator the operator.
 * @param settings its attributes.
 * @param parameters its parameters by the names of the inputs that they are, in the operator's
 *     order; the tensors have no names.
 * @param inChannels channels that it reads.
 * @param outChannels channels, or classes, that it gives.
 */
record IntegerParts(
    SubBitOperator operator,
    IntegerSettings settings,
    Map<String, TensorProto> parameters,
    int inChannels,
    int outChannels) {

  private static final long TWO_TO_23 = 1L << 23;
  private static final long TWO_TO_24 = 1L << 24;
  private static final long TWO_TO_31 = 1L << 31;

  /**
   * Checks a layer and takes it apart.
   *
   * @param where what to name in an error, such as {@code Node 'stem'}.
   * @throws IllegalArgumentException if the layer is refused.
   */
  static IntegerParts of(String where, IntegerLayer layer) {
    Maker maker = new Maker(where);
    if (layer instanceof IntegerLayer.Stem) {
      return maker.stem((IntegerLayer.Stem) layer);
    } else if (layer instanceof IntegerLayer.Conv) {
      return maker.conv((IntegerLayer.Conv) layer);
    } else if (layer instanceof IntegerLayer.Block) {
      return maker.block((IntegerLayer.Block) layer);
    } else if (layer instanceof IntegerLayer.Shortcut) {
      return maker.shortcut((IntegerLayer.Shortcut) layer);
    }
    return maker.classifier((IntegerLayer.Classifier) layer);
  }

  /** Makes the parts of one layer. */
  private static final class Maker {
    private final String where;
    private final Map<String, long[]> values = new LinkedHashMap<>();
    private final Map<String, TensorProto> parameters = new LinkedHashMap<>();

    Maker(String where) {
      this.where = where;
    }

    IntegerParts stem(IntegerLayer.Stem layer) {
      IntegerLayer.Window window = layer.convolution();
      int out = layer.multiplier().length;
      int in = layer.zeroPixel().length;
      if (window.height() != window.width() || window.height() < 1 || window.height() > 32) {
        throw refused(
            "the convolution's window", window.height() + "x" + window.width(), "1x1 to 32x32");
      }
      put(OperatorTable.STRIDES, window.strideHeight(), window.strideWidth());
      put(
          OperatorTable.PADS,
          window.padTop(),
          window.padLeft(),
          window.padBottom(),
          window.padRight());
      put(OperatorTable.SHIFT, layer.shift());
      put(layer.pool());
      put(OperatorTable.WIDTH, layer.width());
      IntegerSettings settings = settings(SubBitOperator.INTEGER_STEM);
      settings.requirePads(where, OperatorTable.PADS, window.height(), window.width());
      long perChannel = (long) in * window.height() * window.width();
      weight(layer.weight(), out, perChannel, (TWO_TO_23 - 1) / 255);
      add(
          "weight",
          OnnxProtos.tensor(
              "", DataType.INT8, layer.weight(), out, in, window.height(), window.width()));
      add("zero_pixel", OnnxProtos.tensor("", DataType.UINT8, layer.zeroPixel(), in));
      factors("multiplier", layer.multiplier(), out);
      numbers("bias", layer.bias(), out);
      return new IntegerParts(SubBitOperator.INTEGER_STEM, settings, parameters, in, out);
    }

    IntegerParts conv(IntegerLayer.Conv layer) {
      putConv(layer.weights(), layer.stride(), layer.shift(), layer.width());
      put(layer.pool());
      IntegerSettings settings = settings(SubBitOperator.INTEGER_SUB_BIT_CONV);
      addConv(layer.weights(), layer.threshold(), layer.multiplier(), layer.bias());
      return parts(SubBitOperator.INTEGER_SUB_BIT_CONV, settings, layer.weights());
    }

    IntegerParts block(IntegerLayer.Block layer) {
      putConv(layer.weights(), layer.stride(), layer.shift(), layer.width());
      put(OperatorTable.SLOPE_SHIFT, layer.slopeShift());
      IntegerSettings settings = settings(SubBitOperator.INTEGER_SUB_BIT_BLOCK);
      addConv(layer.weights(), layer.threshold(), layer.multiplier(), layer.bias());
      factors("slope", layer.slope(), layer.weights().outChannels());
      numbers("shift_out", layer.shiftOut(), layer.weights().outChannels());
      return parts(SubBitOperator.INTEGER_SUB_BIT_BLOCK, settings, layer.weights());
    }

    IntegerParts shortcut(IntegerLayer.Shortcut layer) {
      put(OperatorTable.POOL, layer.pool(), layer.pool());
      put(OperatorTable.SHIFT, layer.shift());
      put(OperatorTable.WIDTH, layer.width());
      IntegerSettings settings = settings(SubBitOperator.INTEGER_SHORTCUT);
      int out = layer.multiplier().length;
      int in = perRow(layer.weight(), out);
      long half = 1L << (layer.shift() - 1);
      weight(
          layer.weight(),
          out,
          in,
          Math.min((TWO_TO_24 - 1 - half) / 255, (TWO_TO_31 - 1 - half) / 32768));
      add("weight", OnnxProtos.tensor("", DataType.INT8, layer.weight(), out, in));
      factors("multiplier", layer.multiplier(), out);
      numbers("bias", layer.bias(), out);
      return new IntegerParts(SubBitOperator.INTEGER_SHORTCUT, settings, parameters, in, out);
    }

    IntegerParts classifier(IntegerLayer.Classifier layer) {
      put(OperatorTable.SHIFT, layer.shift());
      IntegerSettings settings = settings(SubBitOperator.INTEGER_CLASSIFIER);
      int classes = layer.scale().length;
      if (layer.parts() < 1) {
        throw refused("parts", String.valueOf(layer.parts()), "1 and more");
      }
      int perClass = perRow(layer.weight(), classes);
      int in = perClass / layer.parts();
      weight(layer.weight(), classes, (long) in * layer.parts(), (TWO_TO_31 - 1) / 32768);
      weight(layer.weight(), classes * layer.parts(), in, (TWO_TO_24 - 1) / 255);
      add(
          "weight",
          OnnxProtos.tensor("", DataType.INT8, layer.weight(), classes, layer.parts(), in));
      finite("scale", layer.scale(), classes);
      finite("bias", layer.bias(), classes);
      return new IntegerParts(SubBitOperator.INTEGER_CLASSIFIER, settings, parameters, in, classes);
    }

    private static IntegerParts parts(
        SubBitOperator operator,
        IntegerSettings settings,
        Map<String, TensorProto> parameters,
        PackedConvWeights weights) {
      return new IntegerParts(
          operator, settings, parameters, weights.inChannels(), weights.outChannels());
    }

    private IntegerParts parts(
        SubBitOperator operator, IntegerSettings settings, PackedConvWeights weights) {
      return parts(operator, settings, parameters, weights);
    }

    private void putConv(PackedConvWeights weights, int stride, int shift, int width) {
      put(OperatorTable.TAU, weights.codebook().tau());
      put(OperatorTable.OUT_CHANNELS, weights.outChannels());
      put(OperatorTable.IN_CHANNELS, weights.inChannels());
      put(OperatorTable.STRIDES, stride, stride);
      put(OperatorTable.SHIFT, shift);
      put(OperatorTable.WIDTH, width);
    }

    private void addConv(
        PackedConvWeights weights, short[] threshold, short[] multiplier, short[] bias) {
      numbers("threshold", threshold, weights.inChannels());
      add("index", SubBitNodes.index("", weights));
      add("codebook", SubBitNodes.codebook("", weights));
      factors("multiplier", multiplier, weights.outChannels());
      numbers("bias", bias, weights.outChannels());
    }

    private void put(IntegerLayer.Window pool) {
      put(OperatorTable.POOL_SHAPE, pool.height(), pool.width());
      put(OperatorTable.POOL_STRIDES, pool.strideHeight(), pool.strideWidth());
      put(
          OperatorTable.POOL_PADS,
          pool.padTop(),
          pool.padLeft(),
          pool.padBottom(),
          pool.padRight());
    }

    private void put(String attribute, long... numbers) {
      values.put(attribute, numbers);
    }

    private IntegerSettings settings(SubBitOperator operator) {
      return IntegerSettings.of(where, operator, values);
    }

    private void add(String input, TensorProto tensor) {
      parameters.put(input, tensor);
    }

    private void numbers(String input, short[] numbers, int count) {
      requireCount(input, numbers.length, count);
      add(input, OnnxProtos.tensor("", numbers, count));
    }

    private void factors(String input, short[] numbers, int count) {
      for (short number : numbers) {
        if (number == Short.MIN_VALUE) {
          throw refused(input, String.valueOf(number), "-32767 to 32767");
        }
      }
      numbers(input, numbers, count);
    }

    private void finite(String input, float[] numbers, int count) {
      requireCount(input, numbers.length, count);
      for (float number : numbers) {
        if (!Float.isFinite(number)) {
          throw refused(input, String.valueOf(number), "finite numbers");
        }
      }
      add(input, OnnxProtos.tensor("", numbers, count));
    }

    private void requireCount(String input, int found, int count) {
      if (found != count || count == 0) {
        throw refused(
            "the number of values of '" + input + "'",
            String.valueOf(found),
            String.valueOf(Math.max(1, count)));
      }
    }

    /** How many weights each of some rows has. */
    private int perRow(byte[] weight, int rows) {
      if (rows == 0 || weight.length == 0 || weight.length % rows != 0) {
        throw refused(
            "the number of weights", String.valueOf(weight.length), "a multiple of " + rows);
      }
      return weight.length / rows;
    }

    /** Refuses rows of weights that could overflow an exact sum. */
    private void weight(byte[] weight, int rows, long perRow, long most) {
      if (rows == 0 || perRow == 0 || weight.length != rows * perRow) {
        throw refused(
            "the number of weights", String.valueOf(weight.length), rows + " times " + perRow);
      }
      for (int row = 0; row < rows; row++) {
        long sum = 0;
        for (long i = row * perRow; i < (row + 1) * perRow; i++) {
          sum += Math.abs(weight[(int) i]);
        }
        if (sum > most) {
          throw refused(
              "the sum of the magnitudes of row " + row + " of 'weight'",
              String.valueOf(sum),
              "at most " + most);
        }
      }
    }

    private IllegalArgumentException refused(String what, String found, String allowed) {
      return IntegerSettings.refused(where, what, found, allowed);
    }
  }
}

package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.platform.Fp16Conversions;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.GraphNames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Stores the float weights of Conv, ConvTranspose, Gemm and MatMul nodes in 4 bits: groups of 32
 * neighbours in the row of an output, each with a float16 scale, so that a weight costs 4.5 bits.
 *
 * <p>A table of the two numbers of every byte and standard operators bring them back to floats when
 * a model is loaded, so that it runs at the speed of the float model, in any operator set.
 * DequantizeLinear could do the same from set 21 on, but ONNX Runtime does not compute it
 * beforehand.
 */
public final class Int4Weights {

  private static final int GROUP = 32;

  /** Numbers are -8 to 7, stored with 8 added. */
  private static final int ZERO = 8;

  /**
   * Tried instead of the scale with which the largest value is 8: less cuts it, and saves others.
   */
  private static final float[] SCALES = {1, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f, 0.7f};

  /** Scales outside of these are not precise in float16. */
  private static final float LEAST_SCALE = 6.2e-5f;

  private static final float LARGEST_SCALE = 65504;

  private final GraphProto graph;
  private final Set<String> names;
  private final GraphProto.Builder edited;
  private final List<NodeProto> decoded = new ArrayList<>();
  private final String table;
  private final String matrix;
  private final String row;

  private Int4Weights(GraphProto graph) {
    this.graph = graph;
    this.names = GraphNames.of(graph);
    this.edited = graph.toBuilder().clearInitializer().clearNode();
    this.table = free("int4/table");
    this.matrix = free("int4/groups");
    this.row = free("int4/row");
  }

  /**
   * Stores weights in 4 bits.
   *
   * @param model the model, all its data inside.
   * @return the model; the same object if it has no such weights.
   */
  public static ModelProto store(ModelProto model) {
    Int4Weights weights = new Int4Weights(Int8Weights.withInitializers(model.getGraph()));
    return weights.edit() ? model.toBuilder().setGraph(weights.edited).build() : model;
  }

  private boolean edit() {
    Map<String, Integer> axes = Int8Weights.axes(graph);
    for (TensorProto tensor : graph.getInitializerList()) {
      int axis = axes.getOrDefault(tensor.getName(), -1);
      float[] values = axis < 0 ? null : FloatTensors.values(tensor).orElse(null);
      boolean fits =
          values != null
              && values.length >= Int8Weights.LEAST_VALUES
              && axis < tensor.getDimsCount()
              && store(tensor, values, axis);
      if (!fits) {
        edited.addInitializer(tensor);
      }
    }
    if (decoded.isEmpty()) {
      return false;
    }
    float[] numbers = new float[2 * 256];
    for (int i = 0; i < 256; i++) {
      numbers[2 * i] = (i & 15) - ZERO;
      numbers[2 * i + 1] = (i >> 4) - ZERO;
    }
    edited.addInitializer(OnnxProtos.tensor(table, numbers, 256, 2));
    edited.addInitializer(OnnxProtos.tensor(matrix, new long[] {-1, GROUP}, 2));
    edited.addInitializer(OnnxProtos.tensor(row, new long[] {-1}, 1));
    edited.addAllNode(decoded).addAllNode(graph.getNodeList());
    return true;
  }

  /** Stores a tensor; refuses one whose scales float16 cannot hold. */
  private boolean store(TensorProto tensor, float[] values, int axis) {
    long[] dims = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    int[] order = outputsFirst(dims.length, axis);
    float[] rows = transposed(values, dims, order);
    int groups = (rows.length + GROUP - 1) / GROUP;
    float[] padded = Arrays.copyOf(rows, groups * GROUP);
    short[] scales = new short[groups];
    byte[] bytes = new byte[groups * GROUP / 2];
    for (int g = 0; g < groups; g++) {
      float scale = scale(padded, g * GROUP);
      if (Math.abs(scale) < LEAST_SCALE || Math.abs(scale) > LARGEST_SCALE) {
        return false;
      }
      scales[g] = Fp16Conversions.floatToFp16(scale);
      float stored = Fp16Conversions.fp16ToFloat(scales[g]);
      for (int i = 0; i < GROUP; i++) {
        int at = g * GROUP + i;
        bytes[at / 2] |= (byte) ((number(padded[at], stored) + ZERO) << (at % 2 * 4));
      }
    }
    write(tensor.getName(), dims, order, rows.length, scales, bytes);
    return true;
  }

  private static int number(float value, float scale) {
    return (int) Math.max(-ZERO, Math.min(ZERO - 1, Math.rint(value / scale)));
  }

  /** The scale with the smallest squared error; negative where the largest value is positive. */
  private static float scale(float[] values, int first) {
    float largest = 0;
    for (int i = first; i < first + GROUP; i++) {
      largest = Math.abs(values[i]) > Math.abs(largest) ? values[i] : largest;
    }
    if (largest == 0) {
      return 1;
    }
    float best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (float share : SCALES) {
      float scale =
          Fp16Conversions.fp16ToFloat(Fp16Conversions.floatToFp16(-largest / ZERO * share));
      double error = 0;
      for (int i = first; i < first + GROUP && scale != 0; i++) {
        double difference = (double) values[i] - scale * number(values[i], scale);
        error += difference * difference;
      }
      if (error < least) {
        least = error;
        best = scale;
      }
    }
    return best;
  }

  private static int[] outputsFirst(int rank, int axis) {
    return IntStream.concat(
            IntStream.of(axis), IntStream.range(0, rank).filter(other -> other != axis))
        .toArray();
  }

  private static float[] transposed(float[] values, long[] dims, int[] order) {
    int rank = dims.length;
    int[] strides = new int[rank];
    int size = 1;
    for (int i = rank - 1; i >= 0; i--) {
      strides[i] = size;
      size *= (int) dims[i];
    }
    float[] result = new float[values.length];
    int[] place = new int[rank];
    for (int i = 0; i < result.length; i++) {
      int from = 0;
      for (int k = 0; k < rank; k++) {
        from += place[k] * strides[order[k]];
      }
      result[i] = values[from];
      for (int k = rank - 1; k >= 0 && ++place[k] == dims[order[k]]; k--) {
        place[k] = 0;
      }
    }
    return result;
  }

  private void write(
      String name, long[] dims, int[] order, int count, short[] scales, byte[] bytes) {
    String integers = free(name + "/int4");
    String scale = free(name + "/scale");
    String end = free(name + "/count");
    String shape = free(name + "/shape");
    edited.addInitializer(
        OnnxProtos.tensor(integers, DataType.UINT8, bytes, scales.length, GROUP / 2));
    edited.addInitializer(
        OnnxProtos.tensor(scale, scales, scales.length, 1).toBuilder()
            .setDataType(DataType.FLOAT16.getNumber()));
    long[] stored = Arrays.stream(order).mapToLong(axis -> dims[axis]).toArray();
    edited.addInitializer(OnnxProtos.tensor(shape, stored, stored.length));
    String index = node(name, "Cast", to(DataType.INT32), integers);
    String pairs = node(name, "Gather", List.of(OnnxProtos.attribute("axis", 0L)), table, index);
    String numbers = node(name, "Reshape", List.of(), pairs, matrix);
    String factors = node(name, "Cast", to(DataType.FLOAT), scale);
    String floats = node(name, "Mul", List.of(), numbers, factors);
    if (count != scales.length * GROUP) {
      edited.addInitializer(OnnxProtos.tensor(end, new long[] {count}, 1));
      String first = free(name + "/first");
      edited.addInitializer(OnnxProtos.tensor(first, new long[] {0}, 1));
      String flat = node(name, "Reshape", List.of(), floats, row);
      floats = node(name, "Slice", List.of(), flat, first, end, first);
    }
    boolean inPlace = order[0] == 0;
    String weights = inPlace ? name : free(name + "/rows");
    add(name, "Reshape", List.of(), weights, floats, shape);
    if (!inPlace) {
      long[] back = new long[order.length];
      for (int k = 0; k < order.length; k++) {
        back[order[k]] = k;
      }
      add(name, "Transpose", List.of(OnnxProtos.attribute("perm", back)), name, weights);
    }
  }

  private static List<AttributeProto> to(DataType type) {
    return List.of(OnnxProtos.attribute("to", (long) type.getNumber()));
  }

  private String node(String name, String opType, List<AttributeProto> attributes, String... in) {
    String output = free(name + "/" + opType);
    add(name, opType, attributes, output, in);
    return output;
  }

  private void add(
      String name, String opType, List<AttributeProto> attributes, String output, String... in) {
    decoded.add(
        NodeProto.newBuilder()
            .setName(output.equals(name) ? free(name + "/" + opType) : output)
            .setOpType(opType)
            .addAllInput(List.of(in))
            .addAllAttribute(attributes)
            .addOutput(output)
            .build());
  }

  private String free(String wanted) {
    return Int8Weights.free(wanted, names);
  }
}

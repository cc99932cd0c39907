package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtException;
import dev.subbit.cli.bench.ModelValues.Range;
import dev.subbit.onnx.OnnxProtos;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A float model in 8 bits, in the form that ONNX Runtime's own tools give it and that it fuses into
 * integer operators: every convolution, addition, pooling and matrix product between
 * DequantizeLinear and QuantizeLinear. Activations are uint8 with one scale per tensor, weights
 * int8 with one scale per output channel, biases int32.
 *
 * <p>For measuring: the ranges come from a single random image.
 */
final class Int8Twin {

  /** Operators that ONNX Runtime runs on 8-bit values. */
  private static final Set<String> IN_INTEGERS =
      Set.of("Conv", "Add", "MaxPool", "Flatten", "GlobalAveragePool", "Gemm");

  /** Those of them that pass values on unchanged, and so keep their range. */
  private static final Set<String> PASSING_ON = Set.of("MaxPool", "Flatten");

  /** The operators with weights. */
  private static final Set<String> WITH_WEIGHTS = Set.of("Conv", "Gemm");

  private static final int LEVELS = 255;
  private static final int LARGEST_WEIGHT = 127;

  private final ModelProto model;
  private final GraphProto graph;
  private final Map<String, TensorProto> initializers;
  private final Map<String, List<NodeProto>> readers = new HashMap<>();
  private final GraphProto.Builder result;

  /** Scale of every activation in 8 bits. */
  private final Map<String, Float> scales = new HashMap<>();

  private Int8Twin(ModelProto model) {
    this.model = model;
    this.graph = model.getGraph();
    initializers =
        graph.getInitializerList().stream()
            .collect(Collectors.toMap(TensorProto::getName, tensor -> tensor));
    for (NodeProto node : graph.getNodeList()) {
      for (String input : node.getInputList()) {
        readers.computeIfAbsent(input, name -> new ArrayList<>()).add(node);
      }
    }
    result = GraphProto.newBuilder().setName(graph.getName());
  }

  /**
   * Turns a float model into 8 bits.
   *
   * @param model a model of standard operators with float weights.
   * @return its twin, with the same input and output.
   * @throws OrtException if ONNX Runtime cannot run the model.
   */
  static ModelProto of(ModelProto model) throws OrtException {
    return new Int8Twin(model).convert();
  }

  private ModelProto convert() throws OrtException {
    Map<String, Range> ranges = ranges();
    result.addAllInput(graph.getInputList()).addAllOutput(graph.getOutputList());
    for (NodeProto node : graph.getNodeList()) {
      NodeProto.Builder copy = node.toBuilder().clearInput();
      for (int i = 0; i < node.getInputCount(); i++) {
        String input = node.getInput(i);
        if (ranges.containsKey(input)) {
          copy.addInput(input + "/dequantized");
        } else if (i > 0 && WITH_WEIGHTS.contains(node.getOpType())) {
          copy.addInput(
              i == 1
                  ? quantizedWeights(initializers.get(input))
                  : quantizedBias(node, initializers.get(input)));
        } else {
          copy.addInput(input);
          if (initializers.containsKey(input)) {
            result.addInitializer(initializers.get(input));
          }
        }
      }
      result.addNode(copy);
      String output = node.getOutput(0);
      if (ranges.containsKey(output)) {
        addRounding(output, ranges.get(output));
      }
    }
    return model.toBuilder().setGraph(result).build();
  }

  /** The ranges of all activations that are held in 8 bits. */
  private Map<String, Range> ranges() throws OrtException {
    Map<String, String> sameAs = new LinkedHashMap<>();
    for (NodeProto node : graph.getNodeList()) {
      String output = node.getOutput(0);
      boolean besideIntegers =
          runsInIntegers(node) || readersOf(output).stream().anyMatch(this::runsInIntegers);
      // A Relu behind an operator in integers is the lower end of that operator's range.
      boolean continues = isOnlyReadByRelu(output);
      if (besideIntegers && !continues || node.getOpType().equals("Relu")) {
        sameAs.put(
            output,
            PASSING_ON.contains(node.getOpType())
                ? sameAs.getOrDefault(node.getInput(0), output)
                : output);
      }
    }
    Map<String, Range> seen = ModelValues.of(model, Set.copyOf(sameAs.values()), Range::of);
    Map<String, Range> ranges = new HashMap<>();
    sameAs.forEach((tensor, source) -> ranges.put(tensor, seen.get(source)));
    return ranges;
  }

  /** Whether a node has activations only, or weights as the operators of IN_INTEGERS have them. */
  private boolean runsInIntegers(NodeProto node) {
    return IN_INTEGERS.contains(node.getOpType())
        && (WITH_WEIGHTS.contains(node.getOpType())
            || node.getInputList().stream().noneMatch(initializers::containsKey));
  }

  private List<NodeProto> readersOf(String tensor) {
    return readers.getOrDefault(tensor, List.of());
  }

  private boolean isOnlyReadByRelu(String tensor) {
    List<NodeProto> all = readersOf(tensor);
    return all.size() == 1 && all.get(0).getOpType().equals("Relu");
  }

  /** Adds QuantizeLinear and DequantizeLinear behind a tensor. */
  private void addRounding(String tensor, Range range) {
    float width = range.greatest() - range.least();
    float scale = width > 0 ? width / LEVELS : 1;
    scales.put(tensor, scale);
    result.addInitializer(OnnxProtos.tensor(tensor + "/q_scale", new float[] {scale}));
    byte[] zeroPoint = {(byte) Math.round(-range.least() / scale)};
    result.addInitializer(OnnxProtos.tensor(tensor + "/q_zero_point", DataType.UINT8, zeroPoint));
    addNode("QuantizeLinear", tensor, tensor, tensor + "/quantized");
    addNode("DequantizeLinear", tensor + "/quantized", tensor, tensor + "/dequantized");
  }

  private void addNode(String opType, String input, String parameters, String output) {
    result.addNode(
        NodeProto.newBuilder()
            .setName(output)
            .setOpType(opType)
            .addInput(input)
            .addInput(parameters + "/q_scale")
            .addInput(parameters + "/q_zero_point")
            .addOutput(output));
  }

  /** Adds weights in 8 bits, one scale per row; returns their float form in the graph. */
  private String quantizedWeights(TensorProto weights) {
    int rows = Math.toIntExact(weights.getDims(0));
    float[] values = floats(weights);
    float[] scale = weightScales(weights);
    byte[] rounded = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = (byte) Math.round(values[i] / scale[i / (values.length / rows)]);
    }
    long[] shape = weights.getDimsList().stream().mapToLong(Long::longValue).toArray();
    String name = weights.getName();
    result.addInitializer(OnnxProtos.tensor(name + "/quantized", DataType.INT8, rounded, shape));
    return dequantized(name, DataType.INT8, rows, scale);
  }

  /** Adds a bias in 32 bits, in units of input and weight scale. */
  private String quantizedBias(NodeProto node, TensorProto bias) {
    float inputScale = scales.get(node.getInput(0));
    float[] scale = weightScales(initializers.get(node.getInput(1)));
    float[] values = floats(bias);
    int[] rounded = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      scale[i] *= inputScale;
      rounded[i] = Math.round(values[i] / scale[i]);
    }
    String name = bias.getName();
    result.addInitializer(OnnxProtos.tensor(name + "/quantized", rounded, rounded.length));
    return dequantized(name, DataType.INT32, rounded.length, scale);
  }

  private String dequantized(String name, DataType type, int rows, float[] scale) {
    result.addInitializer(OnnxProtos.tensor(name + "/q_scale", scale, rows));
    int bytes = type == DataType.INT32 ? Integer.BYTES : 1;
    result.addInitializer(
        OnnxProtos.tensor(name + "/q_zero_point", type, new byte[rows * bytes], rows));
    result.addNode(
        NodeProto.newBuilder()
            .setName(name + "/dequantized")
            .setOpType("DequantizeLinear")
            .addInput(name + "/quantized")
            .addInput(name + "/q_scale")
            .addInput(name + "/q_zero_point")
            .addOutput(name + "/dequantized")
            .addAttribute(OnnxProtos.attribute("axis", 0)));
    return name + "/dequantized";
  }

  /** The largest weight of each output channel becomes 127. */
  private static float[] weightScales(TensorProto weights) {
    int rows = Math.toIntExact(weights.getDims(0));
    float[] values = floats(weights);
    float[] scale = new float[rows];
    for (int i = 0; i < values.length; i++) {
      int row = i / (values.length / rows);
      scale[row] = Math.max(scale[row], Math.abs(values[i]) / LARGEST_WEIGHT);
    }
    return scale;
  }

  private static float[] floats(TensorProto tensor) {
    float[] values = new float[tensor.getRawData().size() / Float.BYTES];
    tensor
        .getRawData()
        .asReadOnlyByteBuffer()
        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    return values;
  }
}

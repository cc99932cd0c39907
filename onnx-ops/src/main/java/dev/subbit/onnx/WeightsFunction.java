package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The function {@code SubBitWeights}: float weights of any shape as a sum of stages, each with a
 * codebook, indices and scales of its own.
 *
 * <p>It has no kernel. Its inputs are constants, so that ONNX Runtime computes the weights once,
 * when it loads a model; what reads them is an ordinary Conv, Gemm or MatMul and takes as long as
 * with float weights. The format is that of {@link CodedWeights}.
 */
public final class WeightsFunction {

  /** Type of the nodes. */
  public static final String OP_TYPE = "SubBitWeights";

  private static final List<String> INPUTS = List.of("index", "codebook", "scale", "shape");

  private static final FunctionProto FUNCTION = body();

  private WeightsFunction() {}

  /**
   * Adds a node that computes weights, and the initializers {@code <name>/index}, {@code
   * <name>/codebook}, {@code <name>/scale} and {@code <name>/shape}.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param weights the weights.
   * @return name of the output, float, of the weights' shape.
   */
  public static String write(GraphProto.Builder graph, String name, CodedWeights weights) {
    addTensors(graph, name, weights, weights.taps());
    graph.addInitializer(
        OnnxProtos.tensor(name + "/shape", weights.shape(), weights.shape().length));
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setName(name)
            .setDomain(SubBitOperator.DOMAIN)
            .setOpType(OP_TYPE)
            .addOutput(name);
    INPUTS.forEach(input -> node.addInput(name + "/" + input));
    graph.addNode(node);
    return name;
  }

  /**
   * Adds the initializers {@code <name>/index}, {@code <name>/codebook} and {@code <name>/scale}.
   *
   * @param graph the graph to add to.
   * @param name what the names begin with.
   * @param weights the weights.
   * @param codeword the axes of a codeword in the codebook, of as many values as it has.
   */
  static void addTensors(
      GraphProto.Builder graph, String name, CodedWeights weights, long... codeword) {
    byte[] index = weights.index();
    int planes = weights.stages() * weights.tau();
    graph.addInitializer(
        OnnxProtos.tensor(
            name + "/index", DataType.UINT8, index, planes, (long) index.length / planes));
    long[] codebook = new long[2 + codeword.length];
    codebook[0] = weights.stages();
    codebook[1] = 1L << weights.tau();
    System.arraycopy(codeword, 0, codebook, 2, codeword.length);
    graph.addInitializer(
        OnnxProtos.tensor(name + "/codebook", DataType.INT8, weights.codebook(), codebook));
    graph.addInitializer(
        OnnxProtos.tensor(name + "/scale", weights.scale(), weights.stages(), weights.rows()));
  }

  /** The same node with other scales. */
  static NodeProto.Builder withScale(NodeProto node, String scale) {
    return node.toBuilder().setInput(INPUTS.indexOf("scale"), scale);
  }

  /**
   * Whether a node computes weights.
   *
   * @param node the node.
   * @return true for nodes of this function.
   */
  public static boolean isCall(NodeProto node) {
    return node.getDomain().equals(SubBitOperator.DOMAIN) && node.getOpType().equals(OP_TYPE);
  }

  /**
   * Reads the weights of a node.
   *
   * @param node a node of this function.
   * @param initializers the initializers of its graph by name.
   * @return the weights.
   * @throws IllegalArgumentException if they are not raw tensors in the file or do not fit each
   *     other; the message names the node.
   */
  public static CodedWeights read(NodeProto node, Map<String, TensorProto> initializers) {
    Map<String, TensorProto> tensors = new HashMap<>();
    List<DataType> types = List.of(DataType.UINT8, DataType.INT8, DataType.FLOAT, DataType.INT64);
    for (int i = 0; i < INPUTS.size(); i++) {
      TensorProto tensor = i < node.getInputCount() ? initializers.get(node.getInput(i)) : null;
      if (tensor == null
          || !tensor.hasRawData()
          || tensor.getDataType() != types.get(i).getNumber()) {
        throw new IllegalArgumentException(
            "Node '"
                + node.getName()
                + "': its "
                + INPUTS.get(i)
                + " is not a tensor in the file, of type "
                + types.get(i)
                + " and with raw data");
      }
      tensors.put(INPUTS.get(i), tensor);
    }
    try {
      return CodedWeights.of(
          tensors.get("index"),
          tensors.get("codebook"),
          tensors.get("scale"),
          tensors.get("shape"));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "Node '" + node.getName() + "': its weights are damaged: " + e.getMessage(), e);
    }
  }

  /**
   * Returns the function.
   *
   * @return the function for operator set {@value SubBitOperator#STANDARD_OPSET}.
   */
  public static FunctionProto function() {
    return FUNCTION;
  }

  /** The function for another operator set; refuses one that is too old for its nodes. */
  static FunctionProto function(long opset) {
    SubBitOperator.requireOpset(opset);
    FunctionProto.Builder copy = FUNCTION.toBuilder();
    copy.getOpsetImportBuilder(0).setVersion(opset);
    return copy.build();
  }

  /**
   * Bits are looked up and all sizes come from shapes, since some tools misread shifts, remainders
   * and short constants. Of the values only the last few are as large as the weights: a runtime
   * that computes constants beforehand holds them all at once.
   */
  private static FunctionProto body() {
    FunctionBuilder body =
        new FunctionBuilder(
            OP_TYPE,
            "W = the sum over stages s of scale[s, o] * codebook[s, index[s, o, v]], vectors v side"
                + " by side in row o, cut to the shape.",
            INPUTS,
            "W");
    body.integers("first", 0);
    body.integers("one", 1);
    body.integers("two", 2);
    body.integers("three", 3);
    body.integers("last", -1);
    body.integers("as_column", -1, 1);
    body.numbers("powers", 1, 2, 4, 8, 16, 32, 64, 128, 256);
    body.numbers("stage_numbers", 0, 1, 2, 3, 4, 5, 6, 7);
    ConvBodies.writeByteBits(body);

    // How many stages, codewords, taps, planes, bits, rows, and vectors of a row there are.
    body.node("index_dims", "Shape", List.of("index"));
    body.node("codebook_dims", "Shape", List.of("codebook"));
    body.node("planes", "Slice", List.of("index_dims", "first", "one", "first"));
    body.node("stages", "Slice", List.of("codebook_dims", "first", "one", "first"));
    body.node("words", "Slice", List.of("codebook_dims", "one", "two", "first"));
    body.node("taps", "Slice", List.of("codebook_dims", "two", "three", "first"));
    body.node("tau", "Div", List.of("planes", "stages"));
    body.node("rows", "Slice", List.of("shape", "first", "one", "first"));
    body.node("size", "ReduceProd", List.of("shape"), OnnxProtos.attribute("keepdims", 1L));
    body.node("row_size", "Div", List.of("size", "rows"));
    body.node("row_and_taps", "Add", List.of("row_size", "taps"));
    body.node("rounded_up", "Sub", List.of("row_and_taps", "one"));
    body.node("vectors", "Div", List.of("rounded_up", "taps"));
    body.node("count", "Mul", List.of("rows", "vectors"));

    // The planes, [stages, tau, 8 * bytes of a plane], weighted by powers of two.
    body.node("bytes", "Cast", List.of("index"), FunctionBuilder.to(DataType.INT32));
    body.node("bits_of_bytes", "Gather", List.of("byte_bits", "bytes"), FunctionBuilder.axis(0));
    body.node("plane_shape", "Concat", List.of("stages", "tau", "last"), FunctionBuilder.axis(0));
    body.node("plane_bits", "Reshape", List.of("bits_of_bytes", "plane_shape"));
    body.node("plane_weights", "Slice", List.of("powers", "first", "tau", "first"));
    body.node("numbers", "MatMul", List.of("plane_weights", "plane_bits"));
    body.node("used_numbers", "Slice", List.of("numbers", "first", "count", "one"));

    // Codewords are counted through all stages.
    body.node("used_stages", "Slice", List.of("stage_numbers", "first", "stages", "first"));
    body.node("stage_column", "Reshape", List.of("used_stages", "as_column"));
    body.node("word_count", "Cast", List.of("words"), FunctionBuilder.to(DataType.FLOAT));
    body.node("stage_starts", "Mul", List.of("stage_column", "word_count"));
    body.node("of_all_stages", "Add", List.of("used_numbers", "stage_starts"));
    body.node(
        "by_vector", "Transpose", List.of("of_all_stages"), OnnxProtos.attribute("perm", 1, 0));
    body.node("index_shape", "Concat", List.of("rows", "last", "stages"), FunctionBuilder.axis(0));
    body.node("index_list", "Reshape", List.of("by_vector", "index_shape"));
    body.node("indices", "Cast", List.of("index_list"), FunctionBuilder.to(DataType.INT32));
    body.node("word_shape", "Concat", List.of("last", "taps"), FunctionBuilder.axis(0));
    body.node("word_list", "Reshape", List.of("codebook", "word_shape"));
    body.node("codewords", "Cast", List.of("word_list"), FunctionBuilder.to(DataType.FLOAT));
    body.node("chosen", "Gather", List.of("codewords", "indices"), FunctionBuilder.axis(0));

    // The stages of a vector, [stages, taps], times the scales of its row, [1, stages].
    body.node("by_row", "Transpose", List.of("scale"), OnnxProtos.attribute("perm", 1, 0));
    body.node(
        "scale_shape", "Concat", List.of("rows", "one", "one", "stages"), FunctionBuilder.axis(0));
    body.node("scales", "Reshape", List.of("by_row", "scale_shape"));
    body.node("sum", "MatMul", List.of("scales", "chosen"));
    body.node("matrix_shape", "Concat", List.of("rows", "last"), FunctionBuilder.axis(0));
    body.node("matrix", "Reshape", List.of("sum", "matrix_shape"));
    body.node("cut", "Slice", List.of("matrix", "first", "row_size", "one"));
    body.node("W", "Reshape", List.of("cut", "shape"));
    return body.build();
  }
}

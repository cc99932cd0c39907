package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Writes the ONNX function of a sub-bit operator, node by node. Values are referred to by name, as
 * in ONNX itself.
 */
final class FunctionBuilder {

  private final FunctionProto.Builder function;

  FunctionBuilder(OperatorTable row) {
    this(row, row.inputs.stream().map(OperatorTable.Input::name).toList());
  }

  /**
   * Begins a function of an operator with other inputs than the operator's: those of a variadic
   * one, or a form with its weights decoded.
   */
  FunctionBuilder(OperatorTable row, List<String> inputs) {
    function =
        FunctionProto.newBuilder()
            .setDomain(SubBitOperator.DOMAIN)
            .setName(row.opType)
            .setDocString(row.says)
            .addAllInput(inputs)
            .addAllOutput(row.outputs.stream().map(OperatorTable.Output::name).toList())
            .addAllAttribute(row.attributes().stream().map(OperatorTable.Attribute::name).toList())
            .addOpsetImport(
                OperatorSetIdProto.newBuilder().setVersion(SubBitOperator.STANDARD_OPSET));
  }

  /**
   * Begins a function that has no attributes and is no operator with kernels.
   *
   * @param name its name.
   * @param says what it computes.
   * @param inputs names of its inputs.
   * @param output name of its output.
   */
  FunctionBuilder(String name, String says, List<String> inputs, String output) {
    function =
        FunctionProto.newBuilder()
            .setDomain(SubBitOperator.DOMAIN)
            .setName(name)
            .setDocString(says)
            .addAllInput(inputs)
            .addOutput(output)
            .addOpsetImport(
                OperatorSetIdProto.newBuilder().setVersion(SubBitOperator.STANDARD_OPSET));
  }

  FunctionProto build() {
    return function.build();
  }

  /** Adds a node with one output that runs a standard operator. */
  void node(String output, String opType, List<String> inputs, AttributeProto... attributes) {
    function.addNode(
        NodeProto.newBuilder()
            .setOpType(opType)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(List.of(attributes)));
  }

  /**
   * Adds a call to another sub-bit operator, which takes those of its attributes that are not given
   * from this function.
   */
  void call(
      String output, SubBitOperator operator, List<String> inputs, AttributeProto... attributes) {
    NodeProto.Builder node = call(output, operator.opType(), inputs);
    Map<String, AttributeProto> given =
        Arrays.stream(attributes).collect(Collectors.toMap(AttributeProto::getName, a -> a));
    for (OperatorTable.Attribute attribute : operator.attributes()) {
      AttributeProto.AttributeType type =
          attribute.list() ? AttributeProto.AttributeType.INTS : AttributeProto.AttributeType.INT;
      node.addAttribute(
          given.getOrDefault(
              attribute.name(), reference(attribute.name(), type, attribute.name())));
    }
    function.addNode(node);
  }

  /** Adds a call to {@link WeightsFunction}. */
  void callWeights(String output, List<String> inputs) {
    function.addNode(call(output, WeightsFunction.OP_TYPE, inputs));
  }

  /** A call within Subbit's domain, which the function imports from now on. */
  private NodeProto.Builder call(String output, String opType, List<String> inputs) {
    if (function.getOpsetImportCount() == 1) {
      function.addOpsetImport(
          OperatorSetIdProto.newBuilder()
              .setDomain(SubBitOperator.DOMAIN)
              .setVersion(SubBitOperator.VERSION));
    }
    return NodeProto.newBuilder()
        .setDomain(SubBitOperator.DOMAIN)
        .setOpType(opType)
        .addAllInput(inputs)
        .addOutput(output);
  }

  /**
   * Adds a constant tensor. All constants are written so: ONNX's short forms for numbers and lists
   * ({@code value_float}, {@code value_int}) are turned into other types or not known by some
   * tools.
   */
  void constant(String output, TensorProto value) {
    node(output, "Constant", List.of(), tensorValue(value));
  }

  /** The attribute {@code value} of a Constant or ConstantOfShape. */
  static AttributeProto tensorValue(TensorProto value) {
    return AttributeProto.newBuilder()
        .setName("value")
        .setType(AttributeProto.AttributeType.TENSOR)
        .setT(value)
        .build();
  }

  /** Adds a constant list of whole numbers, int64 [values.length]. */
  void integers(String output, long... values) {
    constant(output, OnnxProtos.tensor("", values, values.length));
  }

  /** Adds a constant whole number, an int64 scalar. */
  void integer(String output, long value) {
    constant(output, OnnxProtos.tensor("", new long[] {value}));
  }

  /** Adds a constant float scalar. */
  void number(String output, float value) {
    constant(output, OnnxProtos.tensor("", new float[] {value}));
  }

  /** Adds a constant list of floats. */
  void numbers(String output, float... values) {
    constant(output, OnnxProtos.tensor("", values, values.length));
  }

  /** Adds the value of one of the function's integer attributes, as int64 [1]. */
  void attributeValue(String output, String attribute) {
    String scalar = output + "_scalar";
    attributeScalar(scalar, attribute);
    node(output, "Reshape", List.of(scalar, "as_list"));
  }

  /** Adds the value of one of the function's integer attributes, as an int64 scalar. */
  void attributeScalar(String output, String attribute) {
    node(
        output,
        "Constant",
        List.of(),
        reference("value_int", AttributeProto.AttributeType.INT, attribute));
  }

  /** The attributes of a Conv or QLinearConv whose geometry is that of the function's node. */
  static AttributeProto[] convolutionAttributes() {
    return new AttributeProto[] {
      OnnxProtos.attribute("kernel_shape", 3, 3),
      integersOf(OperatorTable.STRIDES, OperatorTable.STRIDES),
      integersOf(OperatorTable.PADS, OperatorTable.PADS),
      integersOf(OperatorTable.DILATIONS, OperatorTable.DILATIONS),
      reference(OperatorTable.GROUP, AttributeProto.AttributeType.INT, OperatorTable.GROUP)
    };
  }

  /** A list of whole numbers that is an attribute of the function's node. */
  static AttributeProto integersOf(String name, String attribute) {
    return reference(name, AttributeProto.AttributeType.INTS, attribute);
  }

  static AttributeProto to(TensorProto.DataType type) {
    return OnnxProtos.attribute("to", (long) type.getNumber());
  }

  static AttributeProto axis(long axis) {
    return OnnxProtos.attribute("axis", axis);
  }

  static TensorProto int8Scalar(int value) {
    return TensorProto.newBuilder()
        .setDataType(TensorProto.DataType.INT8_VALUE)
        .setRawData(ByteString.copyFrom(new byte[] {(byte) value}))
        .build();
  }

  private static AttributeProto reference(
      String name, AttributeProto.AttributeType type, String attribute) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(type)
        .setRefAttrName(attribute)
        .build();
  }
}

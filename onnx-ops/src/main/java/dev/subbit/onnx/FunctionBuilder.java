package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.util.List;

/**
 * Writes the ONNX function of a sub-bit operator, node by node. Values are referred to by name, as
 * in ONNX itself.
 */
final class FunctionBuilder {

  /** Names of the attributes that every convolving operator has. */
  static final List<String> CONV_ATTRIBUTES =
      List.of("tau", "out_channels", "in_channels", "strides", "pads", "dilations", "group");

  private final FunctionProto.Builder function;

  FunctionBuilder(
      String name,
      String meaning,
      List<String> inputs,
      List<String> outputs,
      List<String> attributes) {
    function =
        FunctionProto.newBuilder()
            .setDomain(SubBitOperator.DOMAIN)
            .setName(name)
            .setDocString(meaning)
            .addAllInput(inputs)
            .addAllOutput(outputs)
            .addAllAttribute(attributes)
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
   * Adds a call to another sub-bit operator, which takes its attributes, if any, from this
   * function.
   */
  void call(String output, SubBitOperator operator, List<String> inputs) {
    if (function.getOpsetImportCount() == 1) {
      function.addOpsetImport(
          OperatorSetIdProto.newBuilder()
              .setDomain(SubBitOperator.DOMAIN)
              .setVersion(SubBitOperator.VERSION));
    }
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setDomain(SubBitOperator.DOMAIN)
            .setOpType(operator.opType())
            .addAllInput(inputs)
            .addOutput(output);
    for (String attribute : operator.function().getAttributeList()) {
      boolean list = List.of("strides", "pads", "dilations").contains(attribute);
      node.addAttribute(
          reference(
              attribute,
              list ? AttributeProto.AttributeType.INTS : AttributeProto.AttributeType.INT,
              attribute));
    }
    function.addNode(node);
  }

  void constant(String output, TensorProto value) {
    node(
        output,
        "Constant",
        List.of(),
        AttributeProto.newBuilder()
            .setName("value")
            .setType(AttributeProto.AttributeType.TENSOR)
            .setT(value)
            .build());
  }

  /** Adds a constant list of whole numbers, int64 [values.length]. */
  void integers(String output, long... values) {
    node(output, "Constant", List.of(), OnnxProtos.attribute("value_ints", values));
  }

  /** Adds a constant whole number, an int64 scalar. */
  void integer(String output, long value) {
    node(output, "Constant", List.of(), OnnxProtos.attribute("value_int", value));
  }

  /** Adds a constant float scalar. */
  void number(String output, float value) {
    node(output, "Constant", List.of(), OnnxProtos.attribute("value_float", value));
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
      reference("strides", AttributeProto.AttributeType.INTS, "strides"),
      reference("pads", AttributeProto.AttributeType.INTS, "pads"),
      reference("dilations", AttributeProto.AttributeType.INTS, "dilations"),
      reference("group", AttributeProto.AttributeType.INT, "group")
    };
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

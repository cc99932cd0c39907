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

  private final FunctionProto.Builder function;

  FunctionBuilder(OperatorTable row) {
    function =
        FunctionProto.newBuilder()
            .setDomain(SubBitOperator.DOMAIN)
            .setName(row.opType)
            .setDocString(row.says)
            .addAllInput(row.inputs.stream().map(OperatorTable.Input::name).toList())
            .addAllOutput(row.outputs.stream().map(OperatorTable.Output::name).toList())
            .addAllAttribute(row.attributes().stream().map(OperatorTable.Attribute::name).toList())
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
    for (OperatorTable.Attribute attribute : operator.attributes()) {
      node.addAttribute(
          reference(
              attribute.name(),
              attribute.list()
                  ? AttributeProto.AttributeType.INTS
                  : AttributeProto.AttributeType.INT,
              attribute.name()));
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
      reference(OperatorTable.STRIDES, AttributeProto.AttributeType.INTS, OperatorTable.STRIDES),
      reference(OperatorTable.PADS, AttributeProto.AttributeType.INTS, OperatorTable.PADS),
      reference(
          OperatorTable.DILATIONS, AttributeProto.AttributeType.INTS, OperatorTable.DILATIONS),
      reference(OperatorTable.GROUP, AttributeProto.AttributeType.INT, OperatorTable.GROUP)
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

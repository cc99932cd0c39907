package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs a test vector as a one-node model in ONNX Runtime. */
final class OrtRunner {

  private OrtRunner() {}

  /** Creates the model of a vector; activations are its inputs, everything else initializers. */
  static ModelProto model(TestVector vector) {
    return model(vector, vector.outputs().stream().map(TestTensor::name).toList());
  }

  /** Creates the model of a vector with the given outputs only. */
  static ModelProto model(TestVector vector, List<String> outputs) {
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setName("conv")
            .setDomain(SubBitOperator.DOMAIN)
            .setOpType(vector.operator().opType);
    for (OperatorTable.Attribute attribute : vector.operator().attributes()) {
      node.addAttribute(attribute(attribute, vector.attributes().get(attribute.name())));
    }
    GraphProto.Builder graph = GraphProto.newBuilder().setName(vector.name());
    for (TestTensor output : vector.outputs()) {
      boolean wanted = outputs.contains(output.name());
      node.addOutput(wanted ? output.name() : "");
      if (wanted) {
        graph.addOutput(valueInfo(output));
      }
    }
    List<TestTensor> activations = activations(vector);
    for (TestTensor input : vector.inputs()) {
      node.addInput(input.name());
      if (activations.contains(input)) {
        graph.addInput(valueInfo(input));
      } else {
        graph.addInitializer(input.toProto());
      }
    }
    return SubBitModels.ofGraph(graph.addNode(node).build());
  }

  /** The inputs that change from run to run: the first one, and the residual. */
  private static List<TestTensor> activations(TestVector vector) {
    return vector.inputs().stream()
        .filter(input -> input == vector.inputs().get(0) || input.name().equals("residual"))
        .toList();
  }

  /** Runs a vector's inputs through a session of its model and returns the session's outputs. */
  static List<TestTensor> run(OrtSession session, TestVector vector) throws OrtException {
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      for (TestTensor input : activations(vector)) {
        inputs.put(input.name(), tensor(input));
      }
      List<TestTensor> outputs = new ArrayList<>();
      try (OrtSession.Result result = session.run(inputs)) {
        for (Map.Entry<String, OnnxValue> output : result) {
          outputs.add(read(output.getKey(), (OnnxTensor) output.getValue()));
        }
      }
      return outputs;
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private static TestTensor read(String name, OnnxTensor y) {
    int[] shape =
        java.util.Arrays.stream(y.getInfo().getShape()).mapToInt(Math::toIntExact).toArray();
    int[] values = new int[TestTensor.elements(shape)];
    TestTensor.Type type =
        switch (y.getInfo().type) {
          case FLOAT -> TestTensor.Type.F32;
          case UINT8 -> TestTensor.Type.U8;
          case INT8 -> TestTensor.Type.I8;
          case INT16 -> TestTensor.Type.I16;
          default -> throw new AssertionError("Unexpected output " + y.getInfo());
        };
    ByteBuffer bytes = y.getByteBuffer();
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case F32 -> bytes.getInt(4 * i);
            case U8 -> bytes.get(i) & 0xff;
            case I16 -> bytes.getShort(2 * i);
            default -> bytes.get(i);
          };
    }
    return new TestTensor(name, type, shape, values);
  }

  private static OnnxTensor tensor(TestTensor tensor) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    if (tensor.type() == TestTensor.Type.F32) {
      FloatBuffer floats = FloatBuffer.allocate(tensor.values().length);
      for (int i = 0; i < tensor.values().length; i++) {
        floats.put(i, tensor.f(i));
      }
      return OnnxTensor.createTensor(environment, floats, tensor.longShape());
    }
    if (tensor.type() == TestTensor.Type.I32) {
      return OnnxTensor.createTensor(
          environment, IntBuffer.wrap(tensor.values()), tensor.longShape());
    }
    if (tensor.type() == TestTensor.Type.I16) {
      return OnnxTensor.createTensor(
          environment, ShortBuffer.wrap(tensor.shorts()), tensor.longShape());
    }
    OnnxJavaType type =
        tensor.type() == TestTensor.Type.U8 ? OnnxJavaType.UINT8 : OnnxJavaType.INT8;
    return OnnxTensor.createTensor(
        environment, ByteBuffer.wrap(tensor.bytes()), tensor.longShape(), type);
  }

  private static AttributeProto attribute(OperatorTable.Attribute row, int[] values) {
    long[] wide = java.util.Arrays.stream(values).asLongStream().toArray();
    return row.list()
        ? OnnxProtos.attribute(row.name(), wide)
        : OnnxProtos.attribute(row.name(), wide[0]);
  }

  private static ValueInfoProto valueInfo(TestTensor tensor) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (int dimension : tensor.shape()) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(dimension));
    }
    TensorProto.DataType type =
        switch (tensor.type()) {
          case F32 -> TensorProto.DataType.FLOAT;
          case U8 -> TensorProto.DataType.UINT8;
          case I8 -> TensorProto.DataType.INT8;
          case I16 -> TensorProto.DataType.INT16;
          case I32 -> TensorProto.DataType.INT32;
        };
    return ValueInfoProto.newBuilder()
        .setName(tensor.name())
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }
}

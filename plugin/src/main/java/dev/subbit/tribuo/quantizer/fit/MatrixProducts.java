package dev.subbit.tribuo.quantizer.fit;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import java.nio.FloatBuffer;
import java.util.Map;

/**
 * Products of large float matrices, row-major, by ONNX Runtime, whose kernels run at the speed of
 * the machine. Safe for use by many threads.
 */
final class MatrixProducts {

  /** a^T b. */
  private static final MatrixProducts TRANSPOSED = new MatrixProducts(1);

  /** a b. */
  private static final MatrixProducts PLAIN = new MatrixProducts(0);

  private final OrtSession session;

  private MatrixProducts(long transposeFirst) {
    GraphProto graph =
        GraphProto.newBuilder()
            .setName("product")
            .addInput(matrix("a"))
            .addInput(matrix("b"))
            .addNode(
                NodeProto.newBuilder()
                    .setOpType("Gemm")
                    .addInput("a")
                    .addInput("b")
                    .addOutput("c")
                    .addAttribute(OnnxProtos.attribute("transA", transposeFirst)))
            .addOutput(matrix("c"))
            .build();
    ModelProto model = SubBitModels.ofGraph(graph);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      session = OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime multiplies no matrices: " + e.getMessage(), e);
    }
  }

  private static ValueInfoProto matrix(String name) {
    TypeProto.Tensor.Builder type =
        TypeProto.Tensor.newBuilder().setElemType(DataType.FLOAT.getNumber());
    type.getShapeBuilder().addDimBuilder();
    type.getShapeBuilder().addDimBuilder();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(type))
        .build();
  }

  /**
   * a^T b.
   *
   * @param a [rows, columnsA].
   * @param b [rows, columnsB].
   * @param rows rows of both; what follows them in the arrays is not read.
   * @return [columnsA, columnsB].
   */
  static float[] transposedTimes(float[] a, float[] b, int rows, int columnsA, int columnsB) {
    return TRANSPOSED.run(
        a, new long[] {rows, columnsA}, b, new long[] {rows, columnsB}, columnsA * columnsB);
  }

  /**
   * a b.
   *
   * @param a [rows, inner].
   * @param b [inner, columns].
   * @return [rows, columns].
   */
  static float[] times(float[] a, float[] b, int rows, int inner, int columns) {
    return PLAIN.run(a, new long[] {rows, inner}, b, new long[] {inner, columns}, rows * columns);
  }

  private float[] run(float[] a, long[] shapeA, float[] b, long[] shapeB, int size) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OnnxTensor first = OnnxTensor.createTensor(environment, head(a, shapeA), shapeA);
        OnnxTensor second = OnnxTensor.createTensor(environment, head(b, shapeB), shapeB);
        OrtSession.Result result = session.run(Map.of("a", first, "b", second))) {
      float[] product = new float[size];
      ((OnnxTensor) result.get(0)).getFloatBuffer().get(product);
      return product;
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime multiplies no matrices: " + e.getMessage(), e);
    }
  }

  private static FloatBuffer head(float[] values, long[] shape) {
    return FloatBuffer.wrap(values, 0, Math.toIntExact(shape[0] * shape[1]));
  }
}

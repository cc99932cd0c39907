package dev.subbit.tribuo.quantizer.fit;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
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
      throw failure(e);
    }
  }

  private static ValueInfoProto matrix(String name) {
    return OnnxProtos.value(name, DataType.FLOAT, 0, 0);
  }

  /**
   * Makes a matrix that ONNX Runtime can read repeatedly.
   *
   * @param values row-major; what follows the last row is not read.
   * @param rows number of rows.
   * @param columns number of columns.
   * @return the matrix; the caller closes it.
   */
  static OnnxTensor matrix(float[] values, int rows, int columns) {
    FloatBuffer head = FloatBuffer.wrap(values, 0, Math.multiplyExact(rows, columns));
    try {
      return OnnxTensor.createTensor(
          OrtEnvironment.getEnvironment(), head, new long[] {rows, columns});
    } catch (OrtException e) {
      throw failure(e);
    }
  }

  /**
   * a^T b.
   *
   * @param a [rows, columnsA].
   * @param b [rows, columnsB].
   * @return [columnsA, columnsB].
   */
  static float[] transposedTimes(OnnxTensor a, OnnxTensor b) {
    return TRANSPOSED.run(a, b);
  }

  /**
   * a b.
   *
   * @param a [rows, inner].
   * @param b [inner, columns].
   * @param rows rows of a.
   * @param inner columns of a.
   * @return [rows, columns].
   */
  static float[] times(float[] a, OnnxTensor b, int rows, int inner) {
    try (OnnxTensor first = matrix(a, rows, inner)) {
      return PLAIN.run(first, b);
    }
  }

  private float[] run(OnnxTensor a, OnnxTensor b) {
    try (OrtSession.Result result = session.run(Map.of("a", a, "b", b))) {
      FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] product = new float[buffer.remaining()];
      buffer.get(product);
      return product;
    } catch (OrtException e) {
      throw failure(e);
    }
  }

  private static IllegalStateException failure(OrtException e) {
    return new IllegalStateException("ONNX Runtime cannot multiply matrices: " + e.getMessage(), e);
  }
}

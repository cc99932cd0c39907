package dev.subbit.tribuo.training.teacher;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.subbit.onnx.SubBitSessions;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;

/**
 * A classifier in ONNX Runtime, on the CPU. It has one float input, [N, values] or [N, C, H, W],
 * and its first output is float, [N, classes]; N is not fixed.
 */
final class OnnxTeacherSession implements AutoCloseable {

  private final String name;
  private final OrtSession session;
  private final String input;
  private final String output;
  private final long[] inputShape;

  /**
   * Loads a model.
   *
   * @param name its name in messages, such as its file.
   * @param model the bytes of an ONNX file.
   * @throws IllegalArgumentException if it cannot be loaded or is not such a classifier.
   */
  OnnxTeacherSession(String name, byte[] model, int threads) {
    this.name = name;
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      options.setIntraOpNumThreads(threads);
      this.session = SubBitSessions.create(model, options);
    } catch (OrtException e) {
      throw new IllegalArgumentException(
          "The teacher " + name + " cannot be loaded: " + e.getMessage(), e);
    }
    try {
      this.input = only(session.getInputInfo(), "input");
      this.output = session.getOutputInfo().keySet().iterator().next();
      this.inputShape = floatShape(session.getInputInfo(), input);
      floatShape(session.getOutputInfo(), output);
      if (inputShape.length != 2 && inputShape.length != 4) {
        throw unfit("input '" + input + "' has the shape " + Arrays.toString(inputShape));
      }
      if (inputShape[0] > 0) {
        throw unfit("input '" + input + "' is fixed to " + inputShape[0] + " images");
      }
    } catch (OrtException | RuntimeException e) {
      close();
      throw e instanceof RuntimeException known ? known : new IllegalArgumentException(e);
    }
  }

  private String only(Map<String, NodeInfo> nodes, String kind) {
    if (nodes.size() != 1) {
      throw unfit("it has " + nodes.size() + " " + kind + "s: " + nodes.keySet());
    }
    return nodes.keySet().iterator().next();
  }

  private long[] floatShape(Map<String, NodeInfo> nodes, String node) {
    if (nodes.get(node).getInfo() instanceof TensorInfo tensor
        && tensor.type == OnnxJavaType.FLOAT) {
      return tensor.getShape();
    }
    throw unfit("'" + node + "' is not a float tensor");
  }

  private IllegalArgumentException unfit(String what) {
    return new IllegalArgumentException(
        "The model "
            + name
            + " cannot be a teacher: "
            + what
            + "; needed are one float input [N, values] or [N, C, H, W] and a first output [N,"
            + " classes], with any N");
  }

  /** The shape of the input; what is not fixed is not positive. */
  long[] inputShape() {
    return inputShape.clone();
  }

  /**
   * Applies the classifier.
   *
   * @param values the input.
   * @param shape its shape; the first is the number of images.
   * @return the first output, [images, classes].
   * @throws IllegalArgumentException if the output is of another shape.
   */
  float[] run(float[] values, long[] shape, int classes) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OnnxTensor tensor = OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
        OrtSession.Result result = session.run(Map.of(input, tensor))) {
      OnnxTensor given = (OnnxTensor) result.get(output).orElseThrow();
      long[] found = given.getInfo().getShape();
      if (found.length != 2 || found[0] != shape[0] || found[1] != classes) {
        throw new IllegalArgumentException(
            "The teacher "
                + name
                + " gives an output of the shape "
                + Arrays.toString(found)
                + " for "
                + shape[0]
                + " images; the training has "
                + classes
                + " classes and needs "
                + Arrays.toString(new long[] {shape[0], classes}));
      }
      float[] scores = new float[Math.toIntExact(shape[0] * classes)];
      given.getFloatBuffer().get(scores);
      return scores;
    } catch (OrtException e) {
      throw new IllegalStateException("The teacher " + name + " failed: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot close the teacher's session", e);
    }
  }
}

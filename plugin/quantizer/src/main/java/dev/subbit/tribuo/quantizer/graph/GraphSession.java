package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.subbit.onnx.SubBitSessions;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A foreign model in ONNX Runtime on the CPU. Sub-bit operators run from their function bodies,
 * since measurements must not depend on the kernels of this machine.
 */
public final class GraphSession implements AutoCloseable {

  private final OrtSession session;

  /**
   * Loads a model.
   *
   * @param model the model.
   * @throws IllegalArgumentException if ONNX Runtime refuses it; the message says why.
   */
  public GraphSession(ModelProto model) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      this.session = SubBitSessions.create(model.toByteArray(), options);
    } catch (OrtException e) {
      throw new IllegalArgumentException(
          "ONNX Runtime cannot load the model: " + e.getMessage(), e);
    }
  }

  /**
   * Rows and columns of values of four dimensions, as far as the model fixes them.
   *
   * @param model the model.
   * @param values names of float32 values.
   * @return for each: rows and columns, not positive where they are not fixed.
   */
  public static Map<String, long[]> sizes(ModelProto model, List<String> values) {
    if (values.isEmpty()) {
      return Map.of();
    }
    Map<String, long[]> sizes = new HashMap<>();
    try (GraphSession session = new GraphSession(PartialModel.of(model, values))) {
      for (String value : values) {
        NodeInfo info = session.session.getOutputInfo().get(PartialModel.outputName(value));
        if (info.getInfo() instanceof TensorInfo tensor && tensor.getShape().length == 4) {
          sizes.put(value, new long[] {tensor.getShape()[2], tensor.getShape()[3]});
        }
      }
      return sizes;
    } catch (OrtException e) {
      throw new IllegalArgumentException("ONNX Runtime tells no shapes: " + e.getMessage(), e);
    }
  }

  /**
   * The inputs that have to be fed.
   *
   * @return the inputs, in the model's order.
   * @throws IllegalArgumentException if one is not a tensor.
   */
  public List<ModelInput> inputs() {
    try {
      List<ModelInput> inputs = new ArrayList<>();
      for (Map.Entry<String, NodeInfo> input : session.getInputInfo().entrySet()) {
        if (!(input.getValue().getInfo() instanceof TensorInfo tensor)) {
          throw new IllegalArgumentException(
              "The model's input '" + input.getKey() + "' is not a tensor");
        }
        inputs.add(new ModelInput(input.getKey(), tensor.type, tensor.getShape()));
      }
      return inputs;
    } catch (OrtException e) {
      throw new IllegalArgumentException("ONNX Runtime tells no inputs: " + e.getMessage(), e);
    }
  }

  /**
   * Runs the model on one feed.
   *
   * @param feed the inputs; tensors for inputs that the model does not have are ignored.
   * @return its float outputs by name, in the model's order; others are left out.
   * @throws IllegalArgumentException if it fails on this feed.
   */
  public Map<String, FloatArray> run(Feed feed) {
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      for (Map.Entry<String, Feed.Tensor> input : feed.tensors().entrySet()) {
        if (session.getInputNames().contains(input.getKey())) {
          inputs.put(input.getKey(), input.getValue().toOnnx(OrtEnvironment.getEnvironment()));
        }
      }
      try (OrtSession.Result result = session.run(inputs)) {
        Map<String, FloatArray> outputs = new LinkedHashMap<>();
        for (Map.Entry<String, OnnxValue> output : result) {
          floats(output.getValue()).ifPresent(array -> outputs.put(output.getKey(), array));
        }
        return outputs;
      }
    } catch (OrtException e) {
      throw new IllegalArgumentException(
          "The model fails on the calibration inputs: " + e.getMessage(), e);
    } finally {
      new ArrayList<>(inputs.values()).forEach(OnnxTensor::close);
    }
  }

  private static Optional<FloatArray> floats(OnnxValue value) {
    if (value instanceof OnnxTensor tensor
        && tensor.getInfo().type == ai.onnxruntime.OnnxJavaType.FLOAT) {
      FloatBuffer buffer = tensor.getFloatBuffer();
      float[] values = new float[buffer.remaining()];
      buffer.get(values);
      return Optional.of(new FloatArray(tensor.getInfo().getShape(), values));
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot close the session", e);
    }
  }
}

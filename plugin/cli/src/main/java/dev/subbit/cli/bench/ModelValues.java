package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.subbit.onnx.SubBitOps;
import java.nio.FloatBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;

/** The values inside a network, found in one run on random pixels. */
final class ModelValues {

  private static final long SEED = 3;
  private static final int PIXEL_VALUES = 256;

  private ModelValues() {}

  /**
   * The least and the greatest value of a float tensor.
   *
   * @param least at most 0.
   * @param greatest at least 0.
   */
  record Range(float least, float greatest) {

    /** Finds the range of a float tensor. */
    static Range of(OnnxTensor tensor) {
      FloatBuffer values = tensor.getFloatBuffer();
      float least = 0;
      float greatest = 0;
      while (values.hasRemaining()) {
        float value = values.get();
        least = Math.min(least, value);
        greatest = Math.max(greatest, value);
      }
      return new Range(least, greatest);
    }

    /** The largest magnitude of a value. */
    float peak() {
      return Math.max(-least, greatest);
    }
  }

  /**
   * Runs a model once and looks at some of its tensors.
   *
   * @param <T> what is found out about a tensor.
   * @param model a model with one input, pixels, whose first dimension is the batch.
   * @param tensors names of tensors in it.
   * @param look looks at a tensor, which is gone afterwards.
   * @return what was found out about each.
   * @throws OrtException if ONNX Runtime refuses.
   */
  static <T> Map<String, T> of(
      ModelProto model, Collection<String> tensors, Function<OnnxTensor, T> look)
      throws OrtException {
    ModelProto.Builder watched = model.toBuilder();
    watched.getGraphBuilder().clearOutput();
    for (String tensor : tensors) {
      watched.getGraphBuilder().addOutput(ValueInfoProto.newBuilder().setName(tensor));
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, T> found = new HashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      SubBitOps.register(options);
      try (OrtSession session = environment.createSession(watched.build().toByteArray(), options)) {
        var input = session.getInputInfo().values().iterator().next();
        long[] shape = ((TensorInfo) input.getInfo()).getShape();
        shape[0] = 1;
        FloatBuffer pixels = FloatBuffer.allocate(Math.toIntExact(shape[1]));
        Random random = new Random(SEED);
        while (pixels.hasRemaining()) {
          pixels.put(random.nextInt(PIXEL_VALUES));
        }
        try (OnnxTensor image = OnnxTensor.createTensor(environment, pixels.flip(), shape);
            OrtSession.Result result = session.run(Map.of(input.getName(), image))) {
          for (var value : result) {
            found.put(value.getKey(), look.apply((OnnxTensor) value.getValue()));
          }
        }
      }
    }
    return found;
  }
}

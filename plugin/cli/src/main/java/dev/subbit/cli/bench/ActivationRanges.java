package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** The ranges of the values inside a float model, found in one run on random pixels. */
final class ActivationRanges {

  private static final long SEED = 3;
  private static final int PIXEL_VALUES = 256;

  private ActivationRanges() {}

  /**
   * The least and the greatest value of some tensors.
   *
   * @param least at most 0.
   * @param greatest at least 0.
   */
  record Range(float least, float greatest) {

    private static Range of(FloatBuffer values) {
      float least = 0;
      float greatest = 0;
      while (values.hasRemaining()) {
        float value = values.get();
        least = Math.min(least, value);
        greatest = Math.max(greatest, value);
      }
      return new Range(least, greatest);
    }
  }

  /**
   * Runs a model once and finds the ranges of some of its tensors.
   *
   * @param model a float model with one input, whose first dimension is the batch.
   * @param tensors names of tensors in it.
   * @return the range of each.
   * @throws OrtException if ONNX Runtime refuses.
   */
  static Map<String, Range> of(ModelProto model, Collection<String> tensors) throws OrtException {
    ModelProto.Builder watched = model.toBuilder();
    watched.getGraphBuilder().clearOutput();
    for (String tensor : tensors) {
      watched.getGraphBuilder().addOutput(ValueInfoProto.newBuilder().setName(tensor));
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, Range> ranges = new HashMap<>();
    try (OrtSession session = environment.createSession(watched.build().toByteArray())) {
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
          ranges.put(value.getKey(), Range.of(((OnnxTensor) value.getValue()).getFloatBuffer()));
        }
      }
    }
    return ranges;
  }
}

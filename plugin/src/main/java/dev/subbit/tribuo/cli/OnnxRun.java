package dev.subbit.tribuo.cli;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.ExecutionBackend.LayerTiming;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * An exported model run over images on one back end.
 *
 * @param outputs the model's outputs, one row an image.
 * @param imagesPerSecond speed, measured after a warm-up over whole passes.
 * @param timings what the device counted for the first batch, empty where there is no device.
 * @param timedImages images in the batch of {@code timings}.
 */
record OnnxRun(
    float[][] outputs, double imagesPerSecond, List<LayerTiming> timings, int timedImages) {

  /** Passes are repeated until they took this long together, so that short ones are not noise. */
  private static final long MEASURE_NANOS = 1_500_000_000L;

  /**
   * Runs a model over all images.
   *
   * @param model the ONNX file.
   * @param images the images.
   * @param backend the back end.
   * @param settings its settings.
   * @return outputs and figures.
   * @throws OrtException if ONNX Runtime refuses the model.
   */
  static OnnxRun of(
      Path model, ModelInputs images, ExecutionBackend backend, Map<String, String> settings)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      // Warnings tell of every node that a device leaves to the CPU, which is as it should be.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      backend.configure(options, settings);
      try (OrtSession session = environment.createSession(model.toString(), options)) {
        return run(environment, session, images, backend);
      }
    }
  }

  private static OnnxRun run(
      OrtEnvironment environment, OrtSession session, ModelInputs images, ExecutionBackend backend)
      throws OrtException {
    List<float[][]> batches = images.batches();
    backend.drainTimings();
    runBatch(environment, session, batches.get(0)); // the warm-up
    List<LayerTiming> timings = backend.drainTimings();

    float[][] outputs = new float[images.size()][];
    long start = System.nanoTime();
    long passes = 0;
    do {
      int row = 0;
      for (float[][] batch : batches) {
        float[][] scores = runBatch(environment, session, batch);
        System.arraycopy(scores, 0, outputs, row, scores.length);
        row += scores.length;
      }
      backend.drainTimings();
      passes++;
    } while (System.nanoTime() - start < MEASURE_NANOS);
    double seconds = (System.nanoTime() - start) / 1e9;
    return new OnnxRun(outputs, passes * images.size() / seconds, timings, batches.get(0).length);
  }

  private static float[][] runBatch(OrtEnvironment environment, OrtSession session, float[][] batch)
      throws OrtException {
    try (OnnxTensor input = OnnxTensor.createTensor(environment, batch);
        OrtSession.Result result = session.run(Map.of("input", input))) {
      return (float[][]) result.get("output").orElseThrow().getValue();
    }
  }

  /**
   * The class of each image.
   *
   * @return id of the highest output, the first of equal ones.
   */
  int[] classes() {
    return Arrays.stream(outputs).mapToInt(OnnxRun::argMax).toArray();
  }

  private static int argMax(float[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }

  /**
   * Whether another run gave the same outputs to the bit.
   *
   * @param other the other run, over the same images.
   * @return true if all bits are equal.
   */
  boolean sameBits(OnnxRun other) {
    return Arrays.deepEquals(outputs, other.outputs);
  }
}

package dev.subbit.tribuo.cli;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.ExecutionBackend.LayerTiming;
import dev.subbit.tribuo.report.DemoResult.Cycles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * An exported model run over images on one back end.
 *
 * @param outputs the model's outputs, one row an image.
 * @param imagesPerSecond speed, measured after a warm-up over whole passes.
 * @param timings what the device counted for all images, empty where there is no device.
 */
record OnnxRun(float[][] outputs, double imagesPerSecond, List<LayerTiming> timings) {

  /** Enough to make everything that is made once, and few enough for a simulated device. */
  private static final int WARM_UP_IMAGES = 4;

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
    return of(
        options -> OrtEnvironment.getEnvironment().createSession(model.toString(), options),
        images,
        backend,
        settings,
        done -> {});
  }

  /**
   * Runs a model over all images.
   *
   * @param loader loads the model.
   * @param images the images.
   * @param backend the back end.
   * @param settings its settings.
   * @param progress told after each batch how many images are done.
   * @return outputs and figures.
   * @throws OrtException if ONNX Runtime refuses the model.
   */
  static OnnxRun of(
      Loader loader,
      ModelInputs images,
      ExecutionBackend backend,
      Map<String, String> settings,
      IntConsumer progress)
      throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      // Warnings tell of every node that a device leaves to the CPU, which is as it should be.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      backend.configure(options, settings);
      try (OrtSession session = loader.load(options)) {
        return run(session, images, backend, progress);
      }
    }
  }

  /** Makes a session of a model. */
  interface Loader {
    /**
     * Loads the model.
     *
     * @param options the session's options.
     * @return the session.
     * @throws OrtException if ONNX Runtime refuses the model.
     */
    OrtSession load(OrtSession.SessionOptions options) throws OrtException;
  }

  private static OnnxRun run(
      OrtSession session, ModelInputs images, ExecutionBackend backend, IntConsumer progress)
      throws OrtException {
    List<float[][]> batches = images.batches();
    float[][] first = batches.get(0);
    runBatch(session, Arrays.copyOf(first, Math.min(WARM_UP_IMAGES, first.length)));
    backend.drainTimings();

    List<LayerTiming> timings = new ArrayList<>();
    float[][] outputs = new float[images.size()][];
    long start = System.nanoTime();
    long passes = 0;
    do {
      int row = 0;
      for (float[][] batch : batches) {
        float[][] scores = runBatch(session, batch);
        System.arraycopy(scores, 0, outputs, row, scores.length);
        row += scores.length;
        List<LayerTiming> counted = backend.drainTimings();
        if (passes == 0) {
          timings.addAll(counted);
          progress.accept(row);
        }
      }
      passes++;
    } while (System.nanoTime() - start < MEASURE_NANOS);
    double seconds = (System.nanoTime() - start) / 1e9;
    return new OnnxRun(outputs, passes * images.size() / seconds, timings);
  }

  private static float[][] runBatch(OrtSession session, float[][] batch) throws OrtException {
    try (OnnxTensor input = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), batch);
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

  /**
   * Counts the images that were classified correctly.
   *
   * @param images the images.
   * @param labels the model's labels by output column.
   * @return number of images.
   */
  int right(ModelInputs images, ImmutableOutputInfo<Label> labels) {
    int[] classes = classes();
    return (int)
        IntStream.range(0, classes.length)
            .filter(i -> labels.getOutput(classes[i]).getLabel().equals(images.labels().get(i)))
            .count();
  }

  /**
   * Counts the images that another run puts into the same class.
   *
   * @param other the other run, over the same images.
   * @return number of images.
   */
  int sameClasses(OnnxRun other) {
    int[] classes = classes();
    int[] others = other.classes();
    return (int) IntStream.range(0, classes.length).filter(i -> classes[i] == others[i]).count();
  }

  /**
   * The largest difference to another run.
   *
   * @param other the other run, over the same images.
   * @return the largest difference of two outputs; not a number if one of them is.
   */
  double largestDifference(OnnxRun other) {
    double largest = 0;
    for (int i = 0; i < outputs.length; i++) {
      for (int c = 0; c < outputs[i].length; c++) {
        largest = Math.max(largest, Math.abs((double) outputs[i][c] - other.outputs[i][c]));
      }
    }
    return largest;
  }

  /**
   * What the device counted.
   *
   * @return cycles of one image, or null where there is no device.
   */
  Cycles cycles() {
    if (timings.isEmpty()) {
      return null;
    }
    long cycles = timings.stream().mapToLong(LayerTiming::cycles).sum();
    long bnnCycles = timings.stream().mapToLong(LayerTiming::bnnCycles).sum();
    return new Cycles(
        timings.get(0).kind().name().toLowerCase(Locale.ROOT),
        cycles / outputs.length,
        bnnCycles / outputs.length);
  }
}

package dev.subbit.tribuo.evaluation;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.ExecutionBackend.LayerTiming;
import dev.subbit.onnx.SubBitSessions;
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
 * @param outputs the model's outputs, one row per image.
 * @param imagesPerSecond speed, measured after a warm-up over whole passes.
 * @param timings what the device counted for all images, empty where there is no device.
 */
public record BackendRun(float[][] outputs, double imagesPerSecond, List<LayerTiming> timings) {

  /**
   * Cycles of a device's clock for one image.
   *
   * @param kind where the numbers come from: modelled, simulated or measured.
   * @param perImage cycles of the sub-bit engine.
   * @param bnnPerImage cycles of the same engine running the layers as a plain binary network.
   */
  public record Cycles(String kind, long perImage, long bnnPerImage) {}

  /**
   * Images of the warm-up: enough to make everything that is made only once, and few enough for a
   * simulated device.
   */
  private static final int WARM_UP_IMAGES = 4;

  /** Passes are repeated until they took this long together, so that short ones are not noise. */
  private static final long MEASURE_NANOS = 1_500_000_000L;

  /**
   * Runs a model over all images.
   *
   * @param model the ONNX file.
   * @param images the images.
   * @param place where to run it.
   * @return outputs and figures.
   * @throws IllegalStateException if the back end refuses the model or fails.
   */
  public static BackendRun of(Path model, ModelInputs images, Place place) {
    return of(
        options -> OrtEnvironment.getEnvironment().createSession(model.toString(), options),
        images,
        place,
        done -> {});
  }

  /**
   * Runs a model that is in memory over all images.
   *
   * @param model the bytes of an ONNX file; may come from anyone.
   * @param images the images.
   * @param place where to run it.
   * @param progress receives the number of finished images after each batch.
   * @return outputs and figures.
   * @throws IllegalStateException if the back end refuses the model or fails.
   */
  public static BackendRun of(byte[] model, ModelInputs images, Place place, IntConsumer progress) {
    return of(options -> SubBitSessions.create(model, options), images, place, progress);
  }

  private interface Loader {
    OrtSession load(OrtSession.SessionOptions options) throws OrtException;
  }

  private static BackendRun of(
      Loader loader, ModelInputs images, Place place, IntConsumer progress) {
    try (OrtSession.SessionOptions options = place.sessionOptions();
        OrtSession session = loader.load(options)) {
      return run(session, images, place.executionBackend(), progress);
    } catch (OrtException e) {
      throw place.failure(e);
    }
  }

  private static BackendRun run(
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
    return new BackendRun(outputs, passes * images.size() / seconds, timings);
  }

  /** Runs a session on a batch, [image][feature], and returns its output, [image][class]. */
  static float[][] runBatch(OrtSession session, float[][] batch) throws OrtException {
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
  public int[] classes() {
    return Arrays.stream(outputs).mapToInt(BackendRun::argMax).toArray();
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
  public boolean sameBits(BackendRun other) {
    return Arrays.deepEquals(outputs, other.outputs);
  }

  /**
   * Counts the images that were classified correctly.
   *
   * @param images the images.
   * @param labels the model's labels by output column.
   * @return number of images.
   */
  public int right(ModelInputs images, ImmutableOutputInfo<Label> labels) {
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
  public int sameClasses(BackendRun other) {
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
  public double largestDifference(BackendRun other) {
    double largest = 0;
    for (int i = 0; i < outputs.length; i++) {
      for (int c = 0; c < outputs[i].length; c++) {
        largest = Math.max(largest, Math.abs((double) outputs[i][c] - other.outputs[i][c]));
      }
    }
    return largest;
  }

  /**
   * The cycles that the device counted.
   *
   * @return cycles of one image, or null where there is no device.
   */
  public Cycles cycles() {
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

package dev.subbit.cli.bench;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.util.List;

/**
 * The threads that the sides of a benchmark run on.
 *
 * <p>With one thread a session has no pool at all. With more, all sessions share the pool of the
 * process: had each its own, the idle threads of one would go on spinning, as ONNX Runtime's do,
 * while another is measured. So there can be no more than one number above 1.
 */
public final class BenchThreads {

  private BenchThreads() {}

  /**
   * Sets up the process. This must come before the first use of ONNX Runtime in this process if
   * more than one thread is wanted.
   *
   * @param numbers the numbers of threads that sessions will run on.
   * @throws IllegalArgumentException if there are two different ones above 1.
   * @throws IllegalStateException if this process uses ONNX Runtime already.
   * @throws OrtException if ONNX Runtime refuses.
   */
  public static void prepare(List<Integer> numbers) throws OrtException {
    List<Integer> several = numbers.stream().filter(number -> number > 1).distinct().toList();
    if (several.isEmpty()) {
      return;
    }
    if (several.size() > 1) {
      throw new IllegalArgumentException(
          "One number of threads above 1 can be measured at once, found " + several);
    }
    try (OrtEnvironment.ThreadingOptions pool = new OrtEnvironment.ThreadingOptions()) {
      pool.setGlobalIntraOpNumThreads(several.get(0));
      pool.setGlobalInterOpNumThreads(1);
      OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "subbit-bench", pool);
    } catch (IllegalStateException e) {
      throw new IllegalStateException(
          "More than one thread needs a process that has not used ONNX Runtime before", e);
    }
  }

  /**
   * Sets up the threads of a session.
   *
   * @param options its options.
   * @param threads one of the numbers that {@link #prepare} got.
   * @throws OrtException if ONNX Runtime refuses.
   */
  static void configure(SessionOptions options, int threads) throws OrtException {
    if (threads == 1) {
      options.setIntraOpNumThreads(1);
    } else {
      options.disablePerSessionThreads();
    }
  }
}

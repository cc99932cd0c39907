package dev.subbit.tribuo.bench;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession.SessionOptions;

/**
 * The threads that the sides of a benchmark run on.
 *
 * <p>With one thread a session has no pool at all. With more, all sessions share the pool of the
 * process: had each its own, the idle threads of one would go on spinning, as ONNX Runtime's do,
 * while another is measured.
 */
public final class BenchThreads {

  private BenchThreads() {}

  /**
   * Sets the process up. Must come before the first use of ONNX Runtime in this process if more
   * than one thread is wanted.
   *
   * @param most the largest number of threads of any session to come.
   * @throws IllegalStateException if this process uses ONNX Runtime already.
   * @throws OrtException if ONNX Runtime refuses.
   */
  public static void prepare(int most) throws OrtException {
    if (most == 1) {
      return;
    }
    try (OrtEnvironment.ThreadingOptions pool = new OrtEnvironment.ThreadingOptions()) {
      pool.setGlobalIntraOpNumThreads(most);
      pool.setGlobalInterOpNumThreads(1);
      OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "subbit-bench", pool);
    } catch (IllegalStateException e) {
      throw new IllegalStateException(
          "More than one thread needs a process that has not used ONNX Runtime before", e);
    }
  }

  /**
   * Sets a session up.
   *
   * @param options its options.
   * @param threads 1, or the number that {@link #prepare} got.
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

package dev.subbit.tribuo.training.internal.engine.tensorflow;

/**
 * The number of threads that TensorFlow computes with. It takes it from the first session of a
 * process and ignores what later ones ask for; since the result depends on it to the last bit, a
 * later training with another number is refused rather than run with a number that was not asked
 * for.
 */
public final class ThreadCount {

  private static int first;

  private ThreadCount() {}

  /**
   * Requires a number of threads.
   *
   * @param threads the number.
   * @throws IllegalStateException if the process computes with another number.
   */
  public static synchronized void claim(int threads) {
    if (first == 0) {
      first = threads;
    }
    if (threads != first) {
      throw new IllegalStateException(
          "threads is "
              + threads
              + ", but TensorFlow computes with "
              + first
              + " from the first training in this JVM on: set threads to "
              + first
              + ", or train in a new JVM");
    }
  }
}

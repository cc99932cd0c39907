package dev.subbit.cli.terminal;

import java.util.function.Supplier;

/**
 * What is said when Ctrl-C or another signal ends the process: what is kept, and how to go on.
 * There is one for the process, as signals are for the process.
 */
public final class Interruption {

  private static final Supplier<String> NOTHING_KEPT = () -> "nothing was written";

  private static Supplier<String> message = NOTHING_KEPT;
  private static boolean over;

  private Interruption() {}

  /** From now on a signal that ends the process is answered. */
  public static void watch() {
    Runtime.getRuntime().addShutdownHook(new Thread(Interruption::report, "subbit-interruption"));
  }

  /** Says that the process ends by itself. */
  public static synchronized void commandOver() {
    over = true;
  }

  /**
   * Changes what is said from now on.
   *
   * @param kept gives what is kept and how to go on. Empty if there is nothing to say.
   */
  public static synchronized void keeping(Supplier<String> kept) {
    message = kept;
  }

  private static void report() {
    Supplier<String> kept;
    synchronized (Interruption.class) {
      if (over) {
        return;
      }
      kept = message;
    }
    String text = kept.get();
    LibraryNoise.show();
    if (!text.isEmpty()) {
      Progress.aside(() -> System.err.println("subbit: interrupted; " + text));
    }
  }
}

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
   * Changes what is said, until the work is over.
   *
   * @param kept gives what is kept and how to go on; it may take its time to leave something. Empty
   *     if there is nothing to say.
   * @return to be closed when this no longer holds.
   */
  public static synchronized Scope keeping(Supplier<String> kept) {
    Supplier<String> before = message;
    message = kept;
    return () -> restore(before);
  }

  /** Work that leaves something behind. */
  @FunctionalInterface
  public interface Scope extends AutoCloseable {
    @Override
    void close();
  }

  private static synchronized void restore(Supplier<String> before) {
    message = before;
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
    if (!text.isEmpty()) {
      Progress.aside(() -> System.err.println("subbit: interrupted; " + text));
    }
  }
}

package dev.subbit.onnx;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.Set;

/**
 * What everything keeps that reads bytes from anyone: it gives a result, or throws an exception of
 * a documented type with a message; and it takes memory in proportion to what it was given. Fuzz
 * tests call it for every input. Their {@code @Timeout} says how long an input may take.
 *
 * @param documented the types of exception that the reader documents. Subtypes of unchecked ones do
 *     not count: one such as NumberFormatException comes from a library and says nothing of the
 *     input.
 * @param bytes memory that any input may cost.
 * @param factor further memory per byte of the input.
 */
public record ReaderContract(Set<Class<? extends Throwable>> documented, long bytes, long factor) {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Characters of a message, beside the names from the input that it repeats. */
  private static final int LONGEST_MESSAGE = 4_000;

  /**
   * Reads something, or passes over a graph.
   *
   * @param <T> type of the result.
   */
  @FunctionalInterface
  public interface Reading<T> {
    T read() throws Throwable;
  }

  /** A contract that allows 64 MB, and 1,000 bytes per byte of the input. */
  public static ReaderContract of(Class<? extends Throwable> documented) {
    return new ReaderContract(Set.of(documented), 64L << 20, 1_000);
  }

  /** The same for a reader that documents two types of exception. */
  public static ReaderContract of(
      Class<? extends Throwable> documented, Class<? extends Throwable> other) {
    return new ReaderContract(Set.of(documented, other), 64L << 20, 1_000);
  }

  /**
   * Reads an input and checks what becomes of it.
   *
   * @param size bytes of the input.
   * @param reading reads it.
   * @return the result; empty where the input was refused as documented.
   */
  public <T> Optional<T> read(long size, Reading<T> reading) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    Optional<T> result = Optional.empty();
    try {
      result = Optional.of(reading.read());
    } catch (Throwable refusal) {
      requireDocumented(size, refusal);
    }
    long taken = THREADS.getCurrentThreadAllocatedBytes() - before;
    if (taken > bytes + factor * size) {
      throw new AssertionError("An input of " + size + " bytes took " + taken + " bytes of memory");
    }
    return result;
  }

  private void requireDocumented(long size, Throwable refusal) {
    if (documented.stream().noneMatch(type -> isOf(type, refusal))) {
      throw new AssertionError("Not documented: " + refusal, refusal);
    }
    String message = refusal.getMessage();
    if (message == null || message.isBlank()) {
      throw new AssertionError("Without a message", refusal);
    }
    if (message.length() > LONGEST_MESSAGE + 2 * size) {
      throw new AssertionError("A message of " + message.length() + " characters", refusal);
    }
  }

  private static boolean isOf(Class<? extends Throwable> type, Throwable refusal) {
    return refusal instanceof RuntimeException
        ? refusal.getClass() == type
        : type.isInstance(refusal);
  }
}

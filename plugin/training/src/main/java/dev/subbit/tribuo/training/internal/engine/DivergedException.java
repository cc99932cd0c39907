package dev.subbit.tribuo.training.internal.engine;

/** Thrown where the loss of a step is no longer a number. */
public final class DivergedException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception.
   *
   * @param message the loss, the step, and what to try.
   */
  public DivergedException(String message) {
    super(message);
  }
}

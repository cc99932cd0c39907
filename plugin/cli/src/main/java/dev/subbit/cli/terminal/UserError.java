package dev.subbit.cli.terminal;

/** An error that the user can fix: the message says what is wrong, where, and what to do. */
public final class UserError extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes an error without a cause.
   *
   * @param message one line.
   */
  public UserError(String message) {
    super(message);
  }

  /**
   * Makes an error with a cause.
   *
   * @param message one line.
   * @param cause the exception that was caught.
   */
  public UserError(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.subbit.cli.terminal;

/** Something that the user can put right: the message says what is wrong, where, and what to do. */
public final class UserError extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message one line.
   */
  public UserError(String message) {
    super(message);
  }

  /**
   * Makes one.
   *
   * @param message one line.
   * @param cause what was caught.
   */
  public UserError(String message, Throwable cause) {
    super(message, cause);
  }
}

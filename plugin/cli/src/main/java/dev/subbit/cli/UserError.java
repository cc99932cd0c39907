package dev.subbit.cli;

/** Something that the user can put right: the message says what is wrong, where, and what to do. */
final class UserError extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message one line.
   */
  UserError(String message) {
    super(message);
  }

  /**
   * Makes one.
   *
   * @param message one line.
   * @param cause what was caught.
   */
  UserError(String message, Throwable cause) {
    super(message, cause);
  }
}

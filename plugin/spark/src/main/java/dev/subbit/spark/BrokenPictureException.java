package dev.subbit.spark;

/** A picture that cannot be classified; the message says why, and stands in the row's reason. */
final class BrokenPictureException extends Exception {

  private static final long serialVersionUID = 1;

  /**
   * Says why.
   *
   * @param message the reason.
   * @param cause what was thrown, or null.
   */
  BrokenPictureException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.subbit.tribuo.export;

/** A number of a network is too large for the integers that it would have to be written in. */
final class DoesNotFitException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /**
   * Says what does not fit where.
   *
   * @param message names the node, the value and what is allowed.
   */
  DoesNotFitException(String message) {
    super(message);
  }
}

package dev.subbit.tribuo.quantizer;

/** Receives the progress of a quantization. */
@FunctionalInterface
public interface QuantizationProgress {

  /** Receives nothing. */
  QuantizationProgress NONE = (done, all, what) -> {};

  /**
   * Called before each piece of work, and once at the end. Where the work has parts with pieces of
   * their own, such as the fit of the weights and the training after it, the count begins anew with
   * each.
   *
   * @param done number of finished pieces.
   * @param all number of all pieces.
   * @param what the next piece, such as a layer's name.
   */
  void at(int done, int all, String what);
}

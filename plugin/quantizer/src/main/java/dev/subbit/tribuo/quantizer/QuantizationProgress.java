package dev.subbit.tribuo.quantizer;

/** Receives the progress of a quantization. */
@FunctionalInterface
public interface QuantizationProgress {

  /**
   * Called before each piece of work, and once at the end.
   *
   * @param done number of finished pieces.
   * @param all number of all pieces.
   * @param what the next piece, such as a layer's name.
   */
  void at(int done, int all, String what);
}

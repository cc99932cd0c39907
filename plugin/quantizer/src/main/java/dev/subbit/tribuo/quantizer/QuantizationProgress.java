package dev.subbit.tribuo.quantizer;

/** Is told how a quantization goes. */
@FunctionalInterface
public interface QuantizationProgress {

  /**
   * Called before each piece of work, and once at the end.
   *
   * @param done pieces done.
   * @param all pieces there are.
   * @param what what comes next, such as a layer's name.
   */
  void at(int done, int all, String what);
}

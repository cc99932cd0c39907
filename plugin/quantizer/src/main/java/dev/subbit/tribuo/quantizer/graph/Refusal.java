package dev.subbit.tribuo.quantizer.graph;

/** Says why a convolution stays as it is. */
final class Refusal extends Exception {

  private static final long serialVersionUID = 1L;

  Refusal(String reason) {
    super(reason);
  }
}

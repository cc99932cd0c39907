package dev.subbit.tribuo.quantizer.graph;

/** The reason why a convolution stays as it is, thrown where it is found. */
final class Refusal extends Exception {

  private static final long serialVersionUID = 1L;

  Refusal(String reason) {
    super(reason);
  }
}

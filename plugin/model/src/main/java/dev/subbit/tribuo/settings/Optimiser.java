package dev.subbit.tribuo.settings;

/** How a gradient becomes a step. */
public enum Optimiser {
  /** Kingma and Ba, 2015, with bias correction; beta1 0.9, beta2 0.999, epsilon 1e-8. */
  ADAM,
  /**
   * Stochastic gradient descent with Nesterov momentum m, as PyTorch writes it: {@code a = m a + g;
   * w -= rate (g + m a)}. At momentum 0 it is plain gradient descent.
   */
  SGD
}

package dev.subbit.tribuo.training.internal.graph;

/** The kinds of numbers that are trained together. */
public enum Trained {
  /** Scales and biases of sub-bit layers. */
  SCALES,
  /** Latent weights of sub-bit layers, which choose their codewords. */
  LATENTS,
  /** Weights of the layers that stay float. */
  REST
}

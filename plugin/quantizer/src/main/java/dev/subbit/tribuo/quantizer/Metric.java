package dev.subbit.tribuo.quantizer;

/** What a drop is measured by: the decision that the users of a model take from its outputs. */
public enum Metric {
  /** The place of the largest value of a row, or a number that is counted: a class. */
  LARGEST,
  /**
   * The nearest of all held-out samples by the cosine of the angle between outputs: the retrieval
   * that descriptors of faces, pictures or texts are made for.
   */
  COSINE
}

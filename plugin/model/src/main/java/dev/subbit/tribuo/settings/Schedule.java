package dev.subbit.tribuo.settings;

/** How learning rates fall from their first value to 0. */
// Without a body for each constant: OLCUT cannot read the provenance of such enums back.
public enum Schedule {
  /** The rate falls by the same amount at every step. */
  LINEAR,
  /** The rate falls along half a cosine: slowly at both ends, fast in between. */
  COSINE;

  /**
   * Computes the rate at a step.
   *
   * @param first the rate at step 0.
   * @param step the step, 0 for the first.
   * @param steps number of steps, after which the rate would be 0.
   * @return the rate.
   */
  public float rate(float first, int step, int steps) {
    double done = (double) step / steps;
    double share = this == LINEAR ? 1 - done : (1 + StrictMath.cos(StrictMath.PI * done)) / 2;
    return (float) (first * share);
  }
}

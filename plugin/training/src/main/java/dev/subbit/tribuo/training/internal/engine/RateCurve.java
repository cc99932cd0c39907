package dev.subbit.tribuo.training.internal.engine;

/** How a learning rate changes from step to step. Immutable. */
@FunctionalInterface
public interface RateCurve {

  /**
   * Computes the rate at a step.
   *
   * @param rate the learning rate of the recipe, positive.
   * @param step the step, 0 for the first.
   * @param steps number of steps of the whole schedule.
   * @return the rate of this step.
   */
  float rate(float rate, int step, int steps);
}

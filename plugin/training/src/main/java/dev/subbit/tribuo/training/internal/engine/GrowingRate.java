package dev.subbit.tribuo.training.internal.engine;

/**
 * A learning rate that grows from the recipe's rate by the same factor at every step, to a last
 * one.
 *
 * @param last the rate of the last step.
 */
public record GrowingRate(float last) implements RateCurve {

  @Override
  public float rate(float rate, int step, int steps) {
    double share = steps == 1 ? 0 : (double) step / (steps - 1);
    return (float) (rate * StrictMath.pow((double) last / rate, share));
  }
}

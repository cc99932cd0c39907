package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;

/**
 * How a network is to be trained, from its first step to its last.
 *
 * @param steps number of steps, at least 1.
 * @param recipe the loss and the optimiser.
 * @param codebooks how the codebooks of sub-bit convolutions are learnt.
 * @param threads threads that the engine computes with, at least 1.
 * @param seed seed of all random choices of the engine: the first codebooks, and what their
 *     learning draws.
 */
public record TrainingPlan(
    int steps, Recipe recipe, CodebookPlan codebooks, int threads, long seed) {

  /** The share of the steps, at the end, in which codebooks are frozen. */
  private static final float REST = 0.1f;

  /**
   * The learning rate of a step.
   *
   * @param step the step, 0 for the first.
   * @return the rate, which would reach 0 at step {@code steps}.
   */
  public float learningRate(int step) {
    return recipe.schedule().rate(recipe.learningRate(), step, steps);
  }

  /**
   * The learning rate of the codebooks at a step.
   *
   * @param step the step, 0 for the first.
   * @return the rate, which would reach 0 at step {@code steps}.
   */
  public float codebookRate(int step) {
    return recipe.schedule().rate(codebooks.rate(), step, steps);
  }

  /**
   * Whether the codebooks are learnt at the end of a step. They are frozen for the last tenth of
   * the training: a codeword that changes moves many weights at once, and latent weights and moving
   * statistics need some steps to follow.
   *
   * @param step the step, 0 for the first.
   * @return true at every {@link CodebookPlan#interval()}th step but the last ones.
   */
  public boolean refines(int step) {
    return (step + 1) % codebooks.interval() == 0 && 1f - (float) step / steps > REST;
  }
}

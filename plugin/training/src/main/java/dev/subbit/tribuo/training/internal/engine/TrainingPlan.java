package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;

/**
 * How a network is to be trained, from its first step to its last.
 *
 * @param steps number of steps, at least 1.
 * @param stepsBefore number of steps of the same schedule that were made before, by other plans.
 * @param stepsAfter number of steps of the same schedule that other plans make afterwards.
 * @param recipe the loss and the optimiser.
 * @param codebooks how the codebooks of sub-bit convolutions are learnt.
 * @param integerWidth bits of an activation where the forward pass rounds as the network's integer
 *     form does, see {@link dev.subbit.tribuo.network.IntegerForm}; 0 where it computes in floats.
 * @param precision what the convolutions of a step compute with; of no effect where it rounds to
 *     integers, which floats hold exactly.
 * @param threads threads that the engine computes with, at least 1.
 * @param seed seed of all random choices of the engine: the first codebooks, and what their
 *     learning draws.
 */
public record TrainingPlan(
    int steps,
    int stepsBefore,
    int stepsAfter,
    Recipe recipe,
    CodebookPlan codebooks,
    int integerWidth,
    Precision precision,
    int threads,
    long seed) {

  /** The share of the steps, at the end, in which codebooks are frozen. */
  private static final float REST = 0.1f;

  /**
   * Makes a plan of a whole schedule in float32.
   *
   * @param steps number of steps.
   * @param recipe the loss and the optimiser.
   * @param codebooks how the codebooks of sub-bit convolutions are learnt.
   * @param threads threads that the engine computes with.
   * @param seed seed of all random choices of the engine.
   */
  public TrainingPlan(int steps, Recipe recipe, CodebookPlan codebooks, int threads, long seed) {
    this(steps, 0, 0, recipe, codebooks, 0, Precision.FLOAT32, threads, seed);
  }

  /**
   * The learning rate of a step.
   *
   * @param step the step, 0 for the first.
   * @return the rate, as the recipe's curve has it.
   */
  public float learningRate(int step) {
    return recipe.rates().rate(recipe.learningRate(), stepsBefore + step, scheduled());
  }

  /**
   * The learning rate of the codebooks at a step.
   *
   * @param step the step, 0 for the first.
   * @return the rate, by the same curve as the learning rate of the weights.
   */
  public float codebookRate(int step) {
    return recipe.rates().rate(codebooks.rate(), stepsBefore + step, scheduled());
  }

  /** The steps of the whole schedule. */
  private int scheduled() {
    return stepsBefore + steps + stepsAfter;
  }

  /**
   * Whether the codebooks are learnt at the end of a step. They are frozen for the last tenth of
   * the schedule: a codeword that changes moves many weights at once, and latent weights and moving
   * statistics need some steps to follow.
   *
   * @param step the step, 0 for the first.
   * @return true at every {@link CodebookPlan#interval()}th step but the last ones.
   */
  public boolean refines(int step) {
    return (step + 1) % codebooks.interval() == 0
        && 1f - (float) (stepsBefore + step) / scheduled() > REST;
  }
}

package dev.subbit.tribuo.engine;

/**
 * How a network is to be trained.
 *
 * @param tau bits of a codebook index, 1 to 9.
 * @param batchSize images in every step.
 * @param steps number of steps of the whole training, at least 1.
 * @param learningRate Adam's learning rate at the first step; it falls linearly to 0.
 * @param weightDecay L2 decay of the float weights of convolutions and classifier.
 * @param refineInterval the codebooks are refined at every so-manyth step.
 * @param refineRate Adam's learning rate of the codebooks at the first step; it falls linearly too.
 * @param threads threads that the engine computes with, at least 1.
 * @param seed where all random choices of the engine come from: first weights, first codebooks,
 *     replacements of repeated codewords.
 */
public record TrainingPlan(
    int tau,
    int batchSize,
    int steps,
    float learningRate,
    float weightDecay,
    int refineInterval,
    float refineRate,
    int threads,
    long seed) {

  /**
   * The learning rate of a step.
   *
   * @param step the step, 0 for the first.
   * @return the rate, which would reach 0 at step {@code steps}.
   */
  public float learningRate(int step) {
    return learningRate * remaining(step);
  }

  /**
   * The learning rate of the codebooks at a step.
   *
   * @param step the step, 0 for the first.
   * @return the rate, which would reach 0 at step {@code steps}.
   */
  public float refineRate(int step) {
    return refineRate * remaining(step);
  }

  /**
   * Whether the codebooks are refined at the end of a step. They rest in the last tenth of the
   * training: a codeword that changes moves many weights at once, and latent weights and moving
   * statistics need some steps to follow.
   *
   * @param step the step, 0 for the first.
   * @return true at every {@code refineInterval}th step but the last ones.
   */
  public boolean refines(int step) {
    return (step + 1) % refineInterval == 0 && remaining(step) > 0.1f;
  }

  /** The share of the training that is left before a step. */
  private float remaining(int step) {
    return 1f - (float) step / steps;
  }
}

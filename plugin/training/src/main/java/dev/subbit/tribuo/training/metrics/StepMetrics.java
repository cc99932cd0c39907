package dev.subbit.tribuo.training.metrics;

/**
 * The results of one step of training.
 *
 * @param stage number of the stage, 1 for the first.
 * @param epoch number of the epoch, 1 for the first of the first stage.
 * @param epochs number of epochs of all stages.
 * @param step number of the step, 1 for the first of the first stage.
 * @param loss the loss of this step's batch before its update.
 * @param accuracy share of this batch that was classified correctly, 0 to 1.
 * @param learningRate the rate of this step.
 * @param epochSoFar sums over the steps of the epoch, this one included.
 */
public record StepMetrics(
    int stage,
    int epoch,
    int epochs,
    int step,
    double loss,
    double accuracy,
    double learningRate,
    EpochSums epochSoFar) {}

package dev.subbit.tribuo.training.metrics;

import java.util.Optional;

/**
 * The results of one epoch of training. Loss and accuracy are means over the epoch's steps, each
 * measured on a training batch before the step's update.
 *
 * @param stage number of the stage, 1 for the first.
 * @param epoch number of the epoch, 1 for the first of the first stage.
 * @param epochs number of epochs of all stages.
 * @param step steps of all stages that were made up to the epoch's end.
 * @param loss mean loss, as {@link
 *     dev.subbit.tribuo.training.internal.engine.TrainingRun.StepResult} defines it.
 * @param accuracy share of the images that were classified correctly, 0 to 1.
 * @param validation the results on the validation images at the epoch's end; empty where there are
 *     none.
 * @param learningRate the rate of the epoch's last step.
 * @param codewordsChanged codewords that the epoch's refinements changed, each counted at every
 *     change.
 * @param seconds time that the epoch's steps took, validation not included.
 * @param imagesPerSecond training speed.
 */
public record EpochMetrics(
    int stage,
    int epoch,
    int epochs,
    int step,
    double loss,
    double accuracy,
    Optional<ValidationMetrics> validation,
    double learningRate,
    long codewordsChanged,
    double seconds,
    double imagesPerSecond) {}

package dev.subbit.tribuo;

/**
 * How one epoch of training went. Loss and accuracy are means over the epoch's steps, each measured
 * on a training batch before the step's update.
 *
 * @param epoch number of the epoch, 1 for the first of the first stage.
 * @param epochs number of epochs of all stages.
 * @param loss mean loss, as {@link dev.subbit.tribuo.engine.Recipe} defines it.
 * @param accuracy share of the images that were classified rightly, 0 to 1.
 * @param imagesPerSecond training speed.
 */
public record EpochMetrics(
    int epoch, int epochs, double loss, double accuracy, double imagesPerSecond) {}

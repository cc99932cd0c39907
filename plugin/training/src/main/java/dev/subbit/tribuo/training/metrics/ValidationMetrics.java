package dev.subbit.tribuo.training.metrics;

/**
 * The results of a network on images that it was not trained on, in its inference form: batch
 * normalisation by the moving statistics.
 *
 * @param loss mean cross entropy.
 * @param accuracy share of the images that were classified correctly, 0 to 1.
 */
public record ValidationMetrics(double loss, double accuracy) {}

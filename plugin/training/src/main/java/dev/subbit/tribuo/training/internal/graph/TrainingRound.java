package dev.subbit.tribuo.training.internal.graph;

/**
 * What a part of a training came to.
 *
 * @param epoch number of passes over the samples so far; 0 for the start.
 * @param loss mean of what was minimised in the last pass; NaN for the start.
 * @param error on samples that are not trained on, of the model as it would be written: the noise
 *     on its outputs over their variance between samples, mixed with the share of wrong classes by
 *     the share of the labels.
 */
public record TrainingRound(int epoch, double loss, double error) {}

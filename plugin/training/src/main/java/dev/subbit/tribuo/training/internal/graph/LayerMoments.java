package dev.subbit.tribuo.training.internal.graph;

/**
 * Statistics of a layer's output, bias included, where training starts.
 *
 * @param mean of each output channel.
 * @param variance of each output channel.
 */
public record LayerMoments(float[] mean, float[] variance) {}

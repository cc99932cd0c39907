package dev.subbit.tribuo.quantizer;

/**
 * Neighbouring channels of an output whose values vary about equally, such as the coordinates of a
 * detector's boxes, or its scores.
 *
 * @param first the first channel.
 * @param last the last one.
 * @param signalToNoise variance of the float model's values over the mean squared difference, in
 *     dB.
 */
public record ChannelGroup(int first, int last, double signalToNoise) {}

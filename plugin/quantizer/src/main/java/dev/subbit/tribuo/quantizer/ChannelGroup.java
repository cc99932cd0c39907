package dev.subbit.tribuo.quantizer;

/**
 * Neighbouring channels of an output whose values vary about equally, such as the coordinates of a
 * detector's boxes, or its scores.
 *
 * @param first the first channel.
 * @param last the last one.
 * @param signalToNoise variance of the float model's values over the mean squared difference, in
 *     dB.
 * @param uncertainty how far the ratio may be off because so few samples were measured: two
 *     standard errors, in dB; not a number where that is not known.
 */
public record ChannelGroup(int first, int last, double signalToNoise, double uncertainty) {}

package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.quantizer.fit.Codewords;

/**
 * One file that a search for the smallest made and measured, on the samples that the choice is made
 * by.
 *
 * @param codewords what the codewords of its sub-bit layers hold; null if it has no such layers.
 * @param rest how all other weights are stored.
 * @param bitsPerWeight bits of the indices per weight of the sub-bit layers; 0 without them.
 * @param bytes its bytes.
 * @param drop share of the decisions that are other ones, 0 to 1.
 * @param signalToNoise signal-to-noise ratio of its worst output, in dB; not a number where no
 *     output has one.
 * @param within whether it stays within the largest drop.
 */
public record SizePoint(
    Codewords codewords,
    Rest rest,
    double bitsPerWeight,
    long bytes,
    double drop,
    double signalToNoise,
    boolean within) {}

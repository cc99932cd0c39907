package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.settings.Clipping;

/**
 * How convolutions of a graph are given 8-bit activations.
 *
 * @param clipping how the ranges of values are chosen.
 * @param fpga whether each stage of a layer is a convolution of its own, which the FPGA runs;
 *     otherwise the stages of a layer are one ordinary 8-bit convolution, which is faster on a
 *     processor and rounds once.
 */
public record IntegerActivations(Clipping clipping, boolean fpga) {}

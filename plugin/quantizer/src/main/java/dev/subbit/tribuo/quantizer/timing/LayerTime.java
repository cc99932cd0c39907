package dev.subbit.tribuo.quantizer.timing;

/**
 * What one layer takes for one sample, alone in a model: medians over interleaved runs.
 *
 * @param name the layer's name.
 * @param microsecondsBefore as float convolution of ONNX Runtime.
 * @param microsecondsAfter as sub-bit convolution, all its stages and their sum.
 * @param backend what the sub-bit convolution ran on.
 */
public record LayerTime(
    String name, double microsecondsBefore, double microsecondsAfter, String backend) {}

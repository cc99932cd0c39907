package dev.subbit.tribuo.quantizer.timing;

/**
 * The time of one layer for one sample, alone in a model: medians over interleaved runs.
 *
 * @param name the layer's name.
 * @param microsecondsBefore time of the float convolution in ONNX Runtime.
 * @param microsecondsAfter time of the sub-bit convolution: all its stages and their sum.
 * @param backend the back end that the sub-bit convolution ran on.
 */
public record LayerTime(
    String name, double microsecondsBefore, double microsecondsAfter, String backend) {}

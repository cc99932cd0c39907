package dev.subbit.tribuo.quantizer;

/**
 * How a quantized network is trained further.
 *
 * @param epochs passes over the images, at least 1.
 * @param learningRate learning rate of the first step, positive.
 * @param teacherShare share of the float model's outputs in what is learnt from, 0 to 1; the rest
 *     are the labels. At 1 labels do not matter.
 * @param threads threads to train with, at least 1.
 * @param seed seed of all random choices.
 * @param progress receives the steps of the training.
 */
public record TuningSettings(
    int epochs,
    double learningRate,
    double teacherShare,
    int threads,
    long seed,
    QuantizationProgress progress) {}

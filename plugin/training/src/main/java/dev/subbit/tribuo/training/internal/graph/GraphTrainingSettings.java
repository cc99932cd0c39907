package dev.subbit.tribuo.training.internal.graph;

/**
 * How a graph is trained.
 *
 * @param epochs passes over the samples.
 * @param minutes after which training ends even so; 0 for no bound.
 * @param rate learning rate of the first step: the share of its usual size by which a number
 *     changes at most.
 * @param batchSize samples per step, where the model leaves that open.
 * @param labelShare share of the labels in what is minimised, 0 to 1; the rest is the float model.
 * @param trainsRest whether the weights of layers that stay float are trained, too.
 * @param normalisesBatches whether batch normalisation that was folded into sub-bit layers takes
 *     its statistics from each batch.
 * @param threads number of threads.
 * @param seed seed of the order of the samples.
 */
public record GraphTrainingSettings(
    int epochs,
    double minutes,
    double rate,
    int batchSize,
    double labelShare,
    boolean trainsRest,
    boolean normalisesBatches,
    int threads,
    long seed) {}

package dev.subbit.tribuo.training.internal.batches;

/**
 * Images that go through a network together. The arrays belong to the {@link BatchReader} that gave
 * them: the caller may use them until its next call, after which they are reused.
 *
 * @param pixels the images one after the other, values from 0 to 255.
 * @param classes the label id of each image.
 * @param weights the weight of each image in the loss.
 */
public record ImageBatch(Pixels pixels, int[] classes, float[] weights) {}

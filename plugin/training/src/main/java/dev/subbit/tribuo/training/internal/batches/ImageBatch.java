package dev.subbit.tribuo.training.internal.batches;

/**
 * Images that go through a network together. The arrays belong to the {@link BatchReader} that gave
 * them: they are its caller's until the next call, and then used again.
 *
 * @param pixels the images one after the other, each its values in the order of positions (channel,
 *     row, column), 0 to 255.
 * @param classes the label id of each image.
 */
public record ImageBatch(float[] pixels, int[] classes) {}

package dev.subbit.tribuo.training.internal.batches;

/**
 * The images of every batch that one of several processes works on: consecutive ones, as many as
 * the others have, or one less where they cannot be shared evenly.
 *
 * @param rank which of the slices, 0 for the first.
 * @param ranks number of slices, at least 1.
 */
public record BatchSlice(int rank, int ranks) {

  /** The slice that has all images. */
  public static final BatchSlice WHOLE = new BatchSlice(0, 1);

  /** The place in the batch of the slice's first image. */
  int begin(int batchSize) {
    return (int) ((long) batchSize * rank / ranks);
  }

  /** The number of the slice's images in a batch. */
  int size(int batchSize) {
    return (int) ((long) batchSize * (rank + 1) / ranks) - begin(batchSize);
  }
}

package dev.subbit.tribuo.training.internal.graph;

/**
 * When the codewords of a graph change in its training, and how fast.
 *
 * <p>Adam moves each latent weight by its rate whatever the gradient, and a codeword that changes
 * moves nine weights at once. From few samples without labels, codewords that change fast lose more
 * than they gain; by labels, of which there are many, they gain (docs/QUANTIZING.md, "Training
 * after the fit").
 *
 * @param start share of the training before which codewords stay: first all else adapts to them.
 * @param end share of the training after which codewords stay. Latent weights come to rest where
 *     codewords meet, and go on changing them however low the learning rate is; the rest settles
 *     only then.
 * @param rateShare share of the learning rate for latent weights.
 */
public record CodewordPace(double start, double end, float rateShare) {

  private static final CodewordPace BY_TEACHER = new CodewordPace(0.25, 0.7, 0.1f);
  private static final CodewordPace BY_LABELS = new CodewordPace(0.05, 0.8, 0.3f);

  /**
   * Returns the pace of a training.
   *
   * @param labelShare share of the labels in the loss, 0 to 1.
   * @return the pace.
   */
  public static CodewordPace of(double labelShare) {
    return labelShare > 0 ? BY_LABELS : BY_TEACHER;
  }

  /**
   * Says whether codewords may change.
   *
   * @param done the share of the training that is done, 0 to 1.
   * @return true if latent weights are trained in the next step.
   */
  boolean changesAt(double done) {
    return done >= start && done < end;
  }
}

package dev.subbit.tribuo.training.internal.codebook;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.DistinctCodewords;
import dev.subbit.tribuo.codebook.KernelClustering;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.SplittableRandom;

/**
 * Learns the codebook of one layer. It holds 2^tau different codewords at all times. At tau = 9
 * there is nothing to learn: the codebook is the full one and stays so.
 *
 * <p>Everything is determined by the start, the place of the random numbers, the numbers of the
 * steps and the gradients. Not safe for use by many threads.
 */
public interface CodebookLearner {

  /**
   * Starts to learn a codebook, from codewords that the plan chooses.
   *
   * @param plan how codebooks are selected.
   * @param kernels the layer's latent weights as they are now, 9 per kernel, row-major.
   * @param place the place that its random numbers are drawn from.
   * @return the learner.
   */
  static CodebookLearner start(CodebookPlan plan, float[] kernels, RandomPlace place) {
    SplittableRandom rng = place.at("first").numbers();
    Codebook first =
        switch (plan.start()) {
          case RANDOM -> new Codebook(plan.tau(), DistinctCodewords.sample(plan.tau(), rng));
          case HISTOGRAM -> KernelClustering.mostFrequent(plan.tau(), kernels);
          case CLUSTERED -> KernelClustering.fit(plan.tau(), kernels, rng);
        };
    return of(plan, first, place);
  }

  /**
   * Starts to learn from a given codebook. Codewords that repeat others in it are replaced; at tau
   * = 9 the full codebook in its own order takes its place.
   *
   * @param plan how codebooks are selected; its start does not matter.
   * @param given the codebook, of the plan's tau.
   * @param place the place that random numbers are drawn from.
   * @return the learner.
   */
  static CodebookLearner from(CodebookPlan plan, Codebook given, RandomPlace place) {
    int[] codewords =
        plan.tau() == Codebook.MAX_TAU
            ? DistinctCodewords.sample(plan.tau(), place.at("first").numbers())
            : DistinctCodewords.of(given);
    DistinctCodewords.replaceRepeats(codewords, place.at("first").numbers());
    return of(plan, new Codebook(plan.tau(), codewords), place);
  }

  private static CodebookLearner of(CodebookPlan plan, Codebook first, RandomPlace place) {
    if (!plan.isLearnt()) {
      return new FixedCodebook(first);
    }
    return switch (plan.selection()) {
      case FIXED -> new FixedCodebook(first);
      case REFINED -> new RefinedCodebook(first, place);
      case PERMUTATION -> new PermutedCodebook(first, place);
    };
  }

  /**
   * The codebook as it is now.
   *
   * @return 2^tau different codewords.
   */
  Codebook codebook();

  /**
   * Whether learning can change anything.
   *
   * @return false if the codebook stays as it is.
   */
  boolean isLearnable();

  /**
   * One step of learning.
   *
   * @param step number of the training's step; what is drawn is drawn at a place of this number.
   * @param gradient the gradient of the loss for every tap, [2^tau, 9]: the sum over the kernels
   *     that have the codeword, 0 for a codeword that no kernel has, and over the steps since the
   *     last call.
   * @param rate the learning rate, positive.
   * @throws IllegalArgumentException if the size does not fit or a gradient is not finite.
   */
  void refine(int step, float[] gradient, float rate);

  /**
   * The state of the learner after the steps so far.
   *
   * @return a copy, for {@link #restore}.
   */
  CodebookState state();

  /**
   * Continues from the state of another learner of this kind, tau and place.
   *
   * @param state the state of that learner.
   * @throws IllegalArgumentException if it is not the state of such a learner.
   */
  void restore(CodebookState state);
}

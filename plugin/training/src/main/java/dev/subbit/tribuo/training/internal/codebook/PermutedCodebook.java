package dev.subbit.tribuo.training.internal.codebook;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.DistinctCodewords;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A codebook that is selected by a learnt permutation, so that codewords cannot repeat.
 *
 * <p>Every place of the codebook has a score for each of the 512 codewords. {@linkplain Sinkhorn
 * Normalised} they are soft choices P [512, 2^tau]. With B the 512 codewords as rows, the soft
 * codebook is {@code P^T B}; the gradient of the taps in use is taken for the gradient of that
 * (straight-through), and goes from there exactly through the normalisation to the scores. The
 * codebook in use is the {@linkplain Matching matching} of the largest weight in P made with Gumbel
 * noise on the scores, which gives different places different codewords.
 *
 * <p>Scores start as the similarity of the codewords to the one a place starts with, 1 for that one
 * itself. Their gradients are averaged over steps and divided by the largest that the layer has
 * had, slowly forgotten; so no score moves further than the rate in a step, and all keep their
 * proportions. The noise is scaled by the rate and falls with it, so that a codebook that has
 * settled stays.
 *
 * <p>Source: Wang et al., "Compacting Binary Neural Networks by Sparse Kernel Selection", CVPR 2023
 * (arXiv 2303.14470). There scores start at random and are moved by the network's optimiser.
 */
final class PermutedCodebook implements CodebookLearner {

  private static final int ALL = 1 << Codebook.TAPS;
  private static final double TEMPERATURE = 0.1;

  /** Largest |score|. */
  private static final float CLAMP = 3;

  private static final float MOMENTUM = 0.9f;
  private static final float FORGETTING = 0.99f;

  // Names in the state.
  private static final String SCORES = "scores";
  private static final String AVERAGE = "averageGradient";
  private static final String LARGEST = "largestGradient";

  private final int tau;
  private final RandomPlace place;
  private final int[] codewords;
  // Both [512, 2^tau].
  private final float[] scores;
  private final float[] average;
  // One number, in an array as the state holds it.
  private final float[] largest = new float[1];

  /**
   * Starts from a codebook.
   *
   * @param place the place that the noise is drawn from.
   */
  PermutedCodebook(Codebook first, RandomPlace place) {
    this.tau = first.tau();
    this.place = place;
    this.codewords = DistinctCodewords.of(first);
    this.scores = new float[ALL * codewords.length];
    this.average = new float[scores.length];
    for (int i = 0; i < scores.length; i++) {
      int different = Integer.bitCount(i / codewords.length ^ codewords[i % codewords.length]);
      scores[i] = 1 - 2f * different / Codebook.TAPS;
    }
  }

  @Override
  public Codebook codebook() {
    return new Codebook(tau, codewords);
  }

  @Override
  public boolean isLearnable() {
    return true;
  }

  @Override
  public void refine(int step, float[] gradient, float rate) {
    TapGradient.check(gradient, codewords.length);
    descend(new Sinkhorn(doubles(scores), codewords.length, TEMPERATURE), gradient, rate);
    Sinkhorn noisy = new Sinkhorn(noisyScores(step, rate), codewords.length, TEMPERATURE);
    int[] chosen = Matching.best(noisy.normalized(), codewords.length);
    System.arraycopy(chosen, 0, codewords, 0, chosen.length);
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  private void descend(Sinkhorn soft, float[] tapGradient, float rate) {
    double[] gradient = soft.gradient(choiceGradient(tapGradient, codewords.length));
    double max = Arrays.stream(gradient).map(Math::abs).max().getAsDouble();
    largest[0] = (float) Math.max(FORGETTING * largest[0], max);
    if (largest[0] == 0) {
      return;
    }
    for (int i = 0; i < scores.length; i++) {
      average[i] = (float) (MOMENTUM * average[i] + (1 - MOMENTUM) * gradient[i]);
      float moved = scores[i] - rate * average[i] / largest[0];
      scores[i] = Math.max(-CLAMP, Math.min(CLAMP, moved));
    }
  }

  private double[] noisyScores(int step, float rate) {
    SplittableRandom rng = place.at("noise").at(step).numbers();
    double scale = Math.min(rate, TEMPERATURE);
    double[] noisy = doubles(scores);
    for (int i = 0; i < noisy.length; i++) {
      // A standard Gumbel number; 1 - nextDouble() is never 0.
      noisy[i] -= scale * StrictMath.log(-StrictMath.log(1 - rng.nextDouble()));
    }
    return noisy;
  }

  /**
   * The gradient of the soft choices P, [512, places]: the inner product of each codeword and the
   * gradient of each place.
   */
  static double[] choiceGradient(float[] tapGradient, int places) {
    double[] products = new double[ALL * places];
    for (int i = 0; i < products.length; i++) {
      int codeword = i / places;
      int first = i % places * Codebook.TAPS;
      for (int tap = 0; tap < Codebook.TAPS; tap++) {
        float g = tapGradient[first + tap];
        products[i] += ((codeword >> tap) & 1) == 1 ? g : -g;
      }
    }
    return products;
  }

  @Override
  public CodebookState state() {
    return new CodebookState(
        codewords.clone(),
        Map.of(SCORES, scores.clone(), AVERAGE, average.clone(), LARGEST, largest.clone()),
        Map.of());
  }

  @Override
  public void restore(CodebookState state) {
    state.requireNames(Set.of(SCORES, AVERAGE, LARGEST), Set.of());
    int[] restored = DistinctCodewords.of(new Codebook(tau, state.codewords()));
    state.copyFloats(SCORES, scores);
    state.copyFloats(AVERAGE, average);
    state.copyFloats(LARGEST, largest);
    System.arraycopy(restored, 0, codewords, 0, codewords.length);
  }
}

package dev.subbit.tribuo.training.internal.codebook;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.DistinctCodewords;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * A codebook that is refined tap by tap.
 *
 * <p>Behind every tap stands a real number p; a refinement moves p against its gradient by one step
 * of Adam and clamps it to [-3, 3]. The tap is the sign of p, held steady by a binary memory: while
 * |p| is below 1e-3 the tap keeps its old value. A codeword that came to repeat another one is
 * replaced at once by a codeword that is not in the codebook. Codewords whose gradient is 0
 * throughout, since no kernel has them, keep their p.
 *
 * <p>Source: Wang et al., "Sub-bit Neural Networks", ICCV 2021, section 3.3. The figures published
 * there most probably hold no refinement: the authors' code counts steps on the replicas of
 * data-parallel training, which are made anew at each forward pass.
 */
final class RefinedCodebook implements CodebookLearner {

  /** |p| from which on a tap follows the sign of p. */
  static final float MEMORY_THRESHOLD = 1e-3f;

  /** Largest |p|. */
  static final float CLAMP = 3f;

  /** |p| of a codeword that was just drawn. */
  private static final float INITIAL_MAGNITUDE = 0.1f;

  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float EPSILON = 1e-8f;

  // Names in the state.
  private static final String P = "p";
  private static final String FIRST_MOMENT = "firstMoment";
  private static final String SECOND_MOMENT = "secondMoment";
  private static final String STEPS = "steps";

  private final int tau;
  private final RandomPlace place;
  private final int[] codewords;
  private final float[] p;
  private final float[] firstMoment;
  private final float[] secondMoment;
  // Adam's step count is kept per codeword, since a replaced one starts anew.
  private final int[] steps;

  /**
   * Starts from a codebook.
   *
   * @param place the place that replacements of repeats are drawn from.
   */
  RefinedCodebook(Codebook first, RandomPlace place) {
    this.tau = first.tau();
    this.place = place;
    this.codewords = DistinctCodewords.of(first);
    int taps = codewords.length * Codebook.TAPS;
    this.p = new float[taps];
    this.firstMoment = new float[taps];
    this.secondMoment = new float[taps];
    this.steps = new int[codewords.length];
    for (int word = 0; word < codewords.length; word++) {
      startAnew(word);
    }
  }

  private void startAnew(int word) {
    int first = word * Codebook.TAPS;
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      p[first + tap] = isSet(codewords[word], tap) ? INITIAL_MAGNITUDE : -INITIAL_MAGNITUDE;
    }
    Arrays.fill(firstMoment, first, first + Codebook.TAPS, 0);
    Arrays.fill(secondMoment, first, first + Codebook.TAPS, 0);
    steps[word] = 0;
  }

  @Override
  public Codebook codebook() {
    return new Codebook(tau, codewords);
  }

  @Override
  public CodebookState state() {
    return new CodebookState(
        codewords.clone(),
        Map.of(
            P, p.clone(), FIRST_MOMENT, firstMoment.clone(), SECOND_MOMENT, secondMoment.clone()),
        Map.of(STEPS, steps.clone()));
  }

  @Override
  public void restore(CodebookState state) {
    state.requireNames(Set.of(P, FIRST_MOMENT, SECOND_MOMENT), Set.of(STEPS));
    int[] restored = state.codewords();
    new Codebook(tau, restored); // Checks number and range.
    state.copyFloats(P, p);
    state.copyFloats(FIRST_MOMENT, firstMoment);
    state.copyFloats(SECOND_MOMENT, secondMoment);
    state.copyIntegers(STEPS, steps);
    System.arraycopy(restored, 0, codewords, 0, codewords.length);
  }

  @Override
  public boolean isLearnable() {
    return true;
  }

  @Override
  public void refine(int step, float[] gradient, float rate) {
    TapGradient.check(gradient, codewords.length);
    for (int word = 0; word < codewords.length; word++) {
      if (hasGradient(gradient, word)) {
        descend(word, gradient, rate);
        codewords[word] = remember(word);
      }
    }
    boolean[] replaced =
        DistinctCodewords.replaceRepeats(codewords, place.at("repeats").at(step).numbers());
    for (int word = 0; word < codewords.length; word++) {
      if (replaced[word]) {
        startAnew(word);
      }
    }
  }

  private static boolean hasGradient(float[] gradient, int word) {
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      if (gradient[word * Codebook.TAPS + tap] != 0) {
        return true;
      }
    }
    return false;
  }

  /** One step of Adam on the taps of one codeword. */
  private void descend(int word, float[] gradient, float rate) {
    steps[word]++;
    double correction1 = 1 - StrictMath.pow(BETA1, steps[word]);
    double correction2 = 1 - StrictMath.pow(BETA2, steps[word]);
    int first = word * Codebook.TAPS;
    for (int i = first; i < first + Codebook.TAPS; i++) {
      firstMoment[i] = BETA1 * firstMoment[i] + (1 - BETA1) * gradient[i];
      secondMoment[i] = BETA2 * secondMoment[i] + (1 - BETA2) * gradient[i] * gradient[i];
      double change =
          rate
              * (firstMoment[i] / correction1)
              / (Math.sqrt(secondMoment[i] / correction2) + EPSILON);
      p[i] = Math.max(-CLAMP, Math.min(CLAMP, (float) (p[i] - change)));
    }
  }

  /** The codeword that the signs of p and the memory give. */
  private int remember(int word) {
    int codeword = codewords[word];
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      float value = p[word * Codebook.TAPS + tap];
      if (value >= MEMORY_THRESHOLD) {
        codeword |= 1 << tap;
      } else if (value <= -MEMORY_THRESHOLD) {
        codeword &= ~(1 << tap);
      }
    }
    return codeword;
  }

  private static boolean isSet(int codeword, int tap) {
    return ((codeword >> tap) & 1) == 1;
  }
}

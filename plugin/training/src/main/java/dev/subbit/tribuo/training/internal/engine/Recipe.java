package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;

/**
 * The loss that a training minimises, and how it does so.
 *
 * <p>The loss of an image is {@code (1 - d) H(s, softmax(z)) + d T^2 KL(softmax(t / T) || softmax(z
 * / T))}, with logits z, the teacher's logits t, distillation weight d, temperature T, and target
 * s: {@code 1 - l + l / classes} for the image's class and {@code l / classes} for every other,
 * with label smoothing l; for a mixed image the two classes have their shares of {@code 1 - l}.
 * (Szegedy et al., 2016; Hinton et al., 2015.) A step minimises the mean over its images, each
 * multiplied by its weight where they have some.
 *
 * @param optimiser how a gradient becomes a step.
 * @param rates how the learning rate changes from step to step.
 * @param learningRate the learning rate that the curve starts from, positive.
 * @param momentum momentum of SGD, 0 up to but not 1; of no effect with ADAM.
 * @param weightDecay L2 decay of the float weights of convolutions and classifier: the weight,
 *     times this factor, is added to its gradient. Latent weights, batch normalisation, shifts and
 *     slopes are not decayed.
 * @param labelSmoothing l, 0 up to but not 1.
 * @param gradientClip the largest L2 norm of all gradients of the network's parameters together,
 *     measured before the decay; longer ones are shortened to it. 0 clips nothing.
 * @param distillationWeight d, 0 to 1; 0 without a teacher.
 * @param temperature T, positive.
 * @param averageDecay the share that the average of the parameters keeps at a step, 0 up to but not
 *     1; 0 for no average. Smaller at the beginning, see {@link #averageShare}.
 * @param weighted whether the loss of an image is multiplied by its weight.
 */
public record Recipe(
    Optimiser optimiser,
    RateCurve rates,
    float learningRate,
    float momentum,
    float weightDecay,
    float labelSmoothing,
    float gradientClip,
    float distillationWeight,
    float temperature,
    float averageDecay,
    boolean weighted) {

  /**
   * Makes a recipe whose rate falls from the first step to the last, without an average.
   *
   * @param optimiser how a gradient becomes a step.
   * @param schedule how the learning rate falls.
   * @param learningRate the learning rate at the first step.
   * @param momentum momentum of SGD.
   * @param weightDecay L2 decay of the float weights.
   * @param labelSmoothing l.
   * @param gradientClip the largest L2 norm of all gradients, 0 for none.
   * @param distillationWeight d.
   * @param temperature T.
   */
  public Recipe(
      Optimiser optimiser,
      Schedule schedule,
      float learningRate,
      float momentum,
      float weightDecay,
      float labelSmoothing,
      float gradientClip,
      float distillationWeight,
      float temperature) {
    this(
        optimiser,
        schedule::rate,
        learningRate,
        momentum,
        weightDecay,
        labelSmoothing,
        gradientClip,
        distillationWeight,
        temperature,
        0,
        false);
  }

  /**
   * Adam at a falling rate and nothing else: no decay, smoothing, clipping or teacher.
   *
   * @param learningRate the learning rate at the first step.
   * @return the recipe.
   */
  public static Recipe adam(float learningRate) {
    return new Recipe(Optimiser.ADAM, Schedule.LINEAR, learningRate, 0, 0, 0, 0, 0, 1);
  }

  /**
   * The same recipe with a rate that grows by the same factor at every step.
   *
   * @param first the rate of the first step.
   * @param last the rate of the last step.
   * @return a new recipe.
   */
  public Recipe withGrowingRate(float first, float last) {
    return new Recipe(
        optimiser,
        new GrowingRate(last),
        first,
        momentum,
        weightDecay,
        labelSmoothing,
        gradientClip,
        distillationWeight,
        temperature,
        averageDecay,
        weighted);
  }

  /**
   * Whether the loss needs a teacher.
   *
   * @return true if a step needs the teacher's logits.
   */
  public boolean distils() {
    return distillationWeight > 0;
  }

  /**
   * Whether the network is that of the averaged parameters.
   *
   * @return true if a run keeps an average.
   */
  public boolean averages() {
    return averageDecay > 0;
  }

  /**
   * The share that the parameters take of their average at a step. At the beginning it is larger
   * than {@code 1 - averageDecay}, so that the first values are soon forgotten.
   *
   * @param step the step, 0 for the first.
   * @return {@code 1 - min(averageDecay, (1 + step) / (10 + step))}.
   */
  public float averageShare(int step) {
    return 1 - Math.min(averageDecay, (1f + step) / (10f + step));
  }
}

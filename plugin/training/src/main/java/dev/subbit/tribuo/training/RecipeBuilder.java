package dev.subbit.tribuo.training;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.training.recipe.Augmentation;
import dev.subbit.tribuo.training.recipe.Mixing;
import dev.subbit.tribuo.training.teacher.Teacher;

/**
 * Sets the properties that trainers and their stages have in common; every method sets the field of
 * the configuration of that name.
 *
 * @param <B> the builder.
 */
public abstract sealed class RecipeBuilder<B extends RecipeBuilder<B>>
    permits SubBitTrainerBuilder, StageRecipeBuilder {

  private boolean built;

  RecipeBuilder() {}

  /** What is being built. */
  abstract RecipeFields fields();

  /** This builder. */
  abstract B self();

  /** Marks what is being built as built. */
  final void built() {
    built = true;
  }

  private RecipeFields open() {
    requireOpen();
    return fields();
  }

  /** Fails if {@code build} was called before. */
  final void requireOpen() {
    if (built) {
      throw new IllegalStateException("This builder has built already; start another");
    }
  }

  /**
   * How the 3x3 convolutions hold their weights.
   *
   * @param weights the kind of weights.
   * @return this.
   */
  public final B weights(Layer.Weights weights) {
    open().weights = weights;
    return self();
  }

  /**
   * Bits of a codebook index.
   *
   * @param tau 1 to 9.
   * @return this.
   */
  public final B tau(int tau) {
    open().tau = tau;
    return self();
  }

  /**
   * The number of passes over the data.
   *
   * @param epochs at least 1.
   * @return this.
   */
  public final B epochs(int epochs) {
    open().epochs = epochs;
    return self();
  }

  /**
   * The number of images per step.
   *
   * @param batchSize at least 2.
   * @return this.
   */
  public final B batchSize(int batchSize) {
    open().batchSize = batchSize;
    return self();
  }

  /**
   * How a gradient becomes a step.
   *
   * @param optimiser the optimiser.
   * @return this.
   */
  public final B optimiser(Optimiser optimiser) {
    open().optimiser = optimiser;
    return self();
  }

  /**
   * How the learning rates fall to 0.
   *
   * @param schedule the schedule.
   * @return this.
   */
  public final B schedule(Schedule schedule) {
    open().schedule = schedule;
    return self();
  }

  /**
   * The epochs in which the learning rate rises to its first value, before the schedule begins.
   *
   * @param warmupEpochs 0 for none, or less than the number of epochs; also parts of an epoch.
   * @return this.
   */
  public final B warmupEpochs(double warmupEpochs) {
    open().warmupEpochs = warmupEpochs;
    return self();
  }

  /**
   * How often the schedule starts again from its first rate.
   *
   * @param restarts 0 for never, or less than the number of epochs behind the warm-up.
   * @return this.
   */
  public final B restarts(int restarts) {
    open().restarts = restarts;
    return self();
  }

  /**
   * The learning rate at the first step, or at the end of the warm-up.
   *
   * @param learningRate positive.
   * @return this.
   */
  public final B learningRate(double learningRate) {
    open().learningRate = learningRate;
    return self();
  }

  /**
   * Nesterov momentum of SGD.
   *
   * @param momentum 0 up to but not 1.
   * @return this.
   */
  public final B momentum(double momentum) {
    open().momentum = momentum;
    return self();
  }

  /**
   * L2 decay of the float weights.
   *
   * @param weightDecay at least 0.
   * @return this.
   */
  public final B weightDecay(double weightDecay) {
    open().weightDecay = weightDecay;
    return self();
  }

  /**
   * Share of every target that is spread over all classes.
   *
   * @param labelSmoothing 0 up to but not 1.
   * @return this.
   */
  public final B labelSmoothing(double labelSmoothing) {
    open().labelSmoothing = labelSmoothing;
    return self();
  }

  /**
   * Largest L2 norm of all gradients together.
   *
   * @param gradientClip 0 for no limit, or positive.
   * @return this.
   */
  public final B gradientClip(double gradientClip) {
    open().gradientClip = gradientClip;
    return self();
  }

  /**
   * Distillation: the network learns from a teacher, too.
   *
   * @param teacher the teacher, or null to learn from the labels alone.
   * @param distillationWeight its share in the loss, 0 to 1.
   * @param temperature positive; logits are divided by it where those of network and teacher are
   *     compared.
   * @return this.
   */
  public final B teacher(Teacher teacher, double distillationWeight, double temperature) {
    open().teacher = teacher;
    open().distillationWeight = distillationWeight;
    open().temperature = temperature;
    return self();
  }

  /**
   * The share that the moving average of the parameters keeps at every step; the model is the
   * averaged network.
   *
   * @param averageDecay 0 for no average, or less than 1, such as 0.999.
   * @return this.
   */
  public final B averageDecay(double averageDecay) {
    open().averageDecay = averageDecay;
    return self();
  }

  /**
   * Augmentation: random changes of the training images.
   *
   * @param augmentation how training images are changed.
   * @return this.
   */
  public final B augmentation(Augmentation augmentation) {
    open().augmentation = augmentation;
    return self();
  }

  /**
   * Mixing: images of a batch are blended, or exchange rectangles, and so do their targets.
   *
   * @param mixing how; null for not at all, or as the trainer where this is a stage.
   * @return this.
   */
  public final B mixing(Mixing mixing) {
    open().mixing = mixing;
    return self();
  }
}

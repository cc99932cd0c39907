package dev.subbit.tribuo.training;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.training.internal.engine.RateCurve;
import dev.subbit.tribuo.training.internal.engine.ScheduledRate;
import dev.subbit.tribuo.training.recipe.Augmentation;
import dev.subbit.tribuo.training.recipe.Mixing;
import dev.subbit.tribuo.training.teacher.Teacher;

/**
 * The recipe of one stage of a training. A trainer has one, with every field set, for all its
 * stages; a {@link StageRecipe} says what is different in a stage. A field that is null says
 * nothing; a teacher or a mixing that is null is none, too.
 */
abstract class RecipeFields {

  @Config(description = "Weights of the 3x3 convolutions after the first: SUB_BIT or FLOAT.")
  Layer.Weights weights;

  @Config(description = "Bits of a codebook index, 1 to 9; a weight costs tau / 9 bit.")
  Integer tau;

  @Config(description = "Passes over the data.")
  Integer epochs;

  @Config(description = "Images per step, at least 2.")
  Integer batchSize;

  @Config(description = "How a gradient becomes a step: ADAM, or SGD with Nesterov momentum.")
  Optimiser optimiser;

  @Config(description = "How the learning rates fall to 0: LINEAR or COSINE.")
  Schedule schedule;

  @Config(
      description =
          "Epochs, also parts of one, in which the learning rate rises to its first value, before"
              + " the schedule begins.")
  Double warmupEpochs;

  @Config(
      description =
          "How often the schedule starts again from its first rate; the epochs behind the warm-up"
              + " are shared out equally.")
  Integer restarts;

  @Config(description = "Learning rate at the first step, or at the end of the warm-up.")
  Double learningRate;

  @Config(description = "Nesterov momentum of SGD, 0 up to but not 1.")
  Double momentum;

  @Config(description = "L2 decay of the float weights.")
  Double weightDecay;

  @Config(description = "Share of every target that is spread over all classes.")
  Double labelSmoothing;

  @Config(description = "Largest L2 norm of all gradients together; 0 sets no limit.")
  Double gradientClip;

  @Config(
      description =
          "A model that the network also learns from; without one it learns from the labels alone.")
  Teacher teacher;

  @Config(description = "Share of the teacher in the loss, 0 to 1.")
  Double distillationWeight;

  @Config(description = "Logits are divided by this where they are compared with the teacher's.")
  Double temperature;

  @Config(
      description =
          "Share that the moving average of the parameters keeps at every step, 0 up to but not 1,"
              + " such as 0.999; the model is the averaged network then. 0 for no average.")
  Double averageDecay;

  @Config(description = "Random changes of the training images.")
  Augmentation augmentation;

  @Config(description = "How the images of a batch are mixed: mixup, CutMix; none where left out.")
  Mixing mixing;

  /** Sets every field that says nothing to what a more general recipe says. */
  final void fillFrom(RecipeFields general) {
    weights = own(weights, general.weights);
    tau = own(tau, general.tau);
    epochs = own(epochs, general.epochs);
    batchSize = own(batchSize, general.batchSize);
    optimiser = own(optimiser, general.optimiser);
    schedule = own(schedule, general.schedule);
    warmupEpochs = own(warmupEpochs, general.warmupEpochs);
    restarts = own(restarts, general.restarts);
    learningRate = own(learningRate, general.learningRate);
    momentum = own(momentum, general.momentum);
    weightDecay = own(weightDecay, general.weightDecay);
    labelSmoothing = own(labelSmoothing, general.labelSmoothing);
    gradientClip = own(gradientClip, general.gradientClip);
    teacher = own(teacher, general.teacher);
    distillationWeight = own(distillationWeight, general.distillationWeight);
    temperature = own(temperature, general.temperature);
    averageDecay = own(averageDecay, general.averageDecay);
    augmentation = own(augmentation, general.augmentation);
    mixing = own(mixing, general.mixing);
  }

  private static <T> T own(T own, T general) {
    return own != null ? own : general;
  }

  /**
   * Checks the fields that say something.
   *
   * @throws PropertyException if a field's value is not allowed, naming both.
   */
  final void check(FieldCheck check) {
    if (tau != null) {
      check.between("tau", tau, 1, Codebook.MAX_TAU);
    }
    if (epochs != null) {
      check.atLeast("epochs", epochs, 1);
    }
    if (batchSize != null) {
      check.atLeast("batchSize", batchSize, 2);
    }
    if (warmupEpochs != null) {
      check.notNegative("warmupEpochs", warmupEpochs);
    }
    if (restarts != null) {
      check.atLeast("restarts", restarts, 0);
    }
    if (learningRate != null) {
      check.positive("learningRate", learningRate);
    }
    if (momentum != null) {
      check.share("momentum", momentum);
    }
    if (weightDecay != null) {
      check.notNegative("weightDecay", weightDecay);
    }
    if (labelSmoothing != null) {
      check.share("labelSmoothing", labelSmoothing);
    }
    if (gradientClip != null) {
      check.notNegative("gradientClip", gradientClip);
    }
    if (distillationWeight != null) {
      check.require(
          distillationWeight >= 0 && distillationWeight <= 1,
          "distillationWeight",
          distillationWeight,
          "0 to 1");
    }
    if (temperature != null) {
      check.positive("temperature", temperature);
    }
    if (averageDecay != null) {
      check.share("averageDecay", averageDecay);
    }
  }

  /**
   * Checks what depends on several fields or on the images; every field is set.
   *
   * @throws PropertyException if images of this shape cannot be trained on so, naming the field.
   */
  final void checkComplete(FieldCheck check, ImageShape shape) {
    check.require(
        warmupEpochs < epochs, "warmupEpochs", warmupEpochs, "less than epochs, " + epochs);
    check.require(
        restarts < epochs - warmupEpochs,
        "restarts",
        restarts,
        "less than the epochs behind the warm-up, " + (epochs - warmupEpochs));
    augmentation.requireFits(shape);
  }

  /**
   * How the learning rate changes.
   *
   * @param steps the steps of all epochs.
   */
  final RateCurve rates(int steps) {
    return new ScheduledRate(schedule, (int) Math.round(warmupEpochs * steps / epochs), restarts);
  }

  /** Whether the loss needs the teacher. */
  final boolean distils() {
    return teacher != null && distillationWeight > 0;
  }
}

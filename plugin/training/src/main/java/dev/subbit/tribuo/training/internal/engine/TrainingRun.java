package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.batches.Targets;
import java.util.Map;

/** One training under way. Holds native memory until it is closed. Not for use by many threads. */
public interface TrainingRun extends AutoCloseable {

  /**
   * The results of one step: loss and accuracy before its update, and what the update changed.
   *
   * @param loss mean loss over the batch, as {@link Recipe} defines it.
   * @param correct number of images whose largest logit was their class; of a mixed image, the
   *     class with the larger share.
   * @param codewordsChanged number of codewords that the step's update changed, in all codebooks.
   */
  record StepResult(float loss, int correct, int codewordsChanged) {}

  /**
   * Makes one step without a teacher.
   *
   * @param pixels the images.
   * @param classes the class of each image.
   * @return loss and changes of the step.
   * @throws IllegalStateException if the loss is no longer a number, or the plan's last step was
   *     made before.
   */
  default StepResult step(Pixels pixels, int[] classes) {
    return step(pixels, Targets.of(classes));
  }

  /**
   * Makes one step on images that were not mixed and count alike.
   *
   * @param pixels the images.
   * @param classes the class of each image.
   * @param teacherLogits the teacher's logits, [images, classes].
   * @return loss and changes of the step.
   * @throws IllegalStateException if the loss is no longer a number, or the plan's last step was
   *     made before.
   */
  default StepResult step(Pixels pixels, int[] classes, float[] teacherLogits) {
    return step(pixels, Targets.of(classes), teacherLogits);
  }

  /**
   * Makes one step, with the logits of the teacher where the run has one.
   *
   * @param pixels the images.
   * @param targets the targets of the images.
   * @return loss and changes of the step.
   * @throws IllegalStateException if the loss is no longer a number, or the plan's last step was
   *     made before.
   */
  default StepResult step(Pixels pixels, Targets targets) {
    return step(pixels, targets, new float[0]);
  }

  /**
   * Makes one step: forward, backward, update; where {@link TrainingPlan#refines} says so, also of
   * the codebooks.
   *
   * @param pixels the images.
   * @param targets the targets of the images; their weights count if the recipe {@linkplain
   *     Recipe#weighted() asks for it}.
   * @param teacherLogits the teacher's logits, [images, classes]; empty if the recipe {@linkplain
   *     Recipe#distils() has no teacher}.
   * @return what was found.
   * @throws IllegalStateException if the loss is no longer a number, or the plan's last step was
   *     made before.
   * @throws IllegalArgumentException if the teacher's logits are not what the recipe asks for.
   */
  StepResult step(Pixels pixels, Targets targets, float[] teacherLogits);

  /**
   * Applies the network as it is now, in its inference form: batch normalisation by the moving
   * statistics.
   *
   * @param pixels any number of images.
   * @return the logits, [images, classes].
   */
  float[] logits(Pixels pixels);

  /**
   * Moves the statistics of every batch normalisation towards those that a batch has, and changes
   * nothing else. For runs whose recipe {@linkplain Recipe#averages() keeps an average}: the
   * statistics that were gathered in training are not those of the averaged parameters.
   *
   * @param pixels a batch, which counts as in training.
   * @param share the share that the batch takes, above 0 to 1.
   */
  void gatherStatistics(Pixels pixels, float share);

  /**
   * The float parameters as they are now, latent weights included.
   *
   * @return copies, by full name.
   */
  Map<String, float[]> parameters();

  /**
   * The network as it is now; its packed weights are those that {@link #logits} computes with.
   *
   * @return the trained network.
   */
  TrainedNetwork network();

  /**
   * The state of this run after the steps so far.
   *
   * @return copies.
   */
  TrainingState state();

  /**
   * Continues from the state of another run of the same network and plan. After an exception the
   * run can only be closed.
   *
   * @param state the state of that run.
   * @throws IllegalArgumentException if it is the state of another network or plan: a variable or
   *     codebook is missing, unknown or of another size, or it made more steps than the plan has.
   */
  void restore(TrainingState state);

  @Override
  void close();
}

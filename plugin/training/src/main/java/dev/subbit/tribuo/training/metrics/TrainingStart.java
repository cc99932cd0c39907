package dev.subbit.tribuo.training.metrics;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The point at which a training begins: its first step, or the step of a checkpoint.
 *
 * @param step steps of all stages that were made before.
 * @param steps steps of all stages together.
 * @param epoch number of the epoch that the next step belongs to, 1 for the first; one more than
 *     {@code epochs} if there is no next step.
 * @param epochs number of epochs of all stages.
 * @param history the epochs that are over, which listeners received at the time.
 * @param checkpoint the checkpoint that the training is resumed from; empty at the first step.
 * @param stages what each stage trains, in words, such as "float weights".
 */
public record TrainingStart(
    int step,
    int steps,
    int epoch,
    int epochs,
    List<EpochMetrics> history,
    Optional<Path> checkpoint,
    List<String> stages) {

  // Copies the lists, so that the start stays as it was made.
  public TrainingStart {
    history = List.copyOf(history);
    stages = List.copyOf(stages);
  }
}

package dev.subbit.tribuo.training.metrics;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where a training begins: at its first step, or where a checkpoint was written.
 *
 * @param step steps of all stages that were made before.
 * @param steps steps of all stages together.
 * @param epoch number of the epoch that the next step belongs to, 1 for the first; one more than
 *     {@code epochs} if there is no next step.
 * @param epochs number of epochs of all stages.
 * @param history the epochs that are over; their listeners were told when they were.
 * @param checkpoint the checkpoint that the training goes on from; empty at the first step.
 */
public record TrainingStart(
    int step,
    int steps,
    int epoch,
    int epochs,
    List<EpochMetrics> history,
    Optional<Path> checkpoint) {

  // Copies the list.
  public TrainingStart {
    history = List.copyOf(history);
  }
}

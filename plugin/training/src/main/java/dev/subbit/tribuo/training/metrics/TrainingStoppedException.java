package dev.subbit.tribuo.training.metrics;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Thrown when {@code SubBitTrainer.stop()} stops a training before its end. If the training left a
 * checkpoint, the same call of {@code train} resumes from there.
 */
public final class TrainingStoppedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Path checkpoint;

  /**
   * Makes an exception for a training that ended early.
   *
   * @param message where the training was stopped, and how it can go on.
   * @param checkpoint the checkpoint; null if there is none.
   */
  public TrainingStoppedException(String message, Path checkpoint) {
    super(message);
    this.checkpoint = checkpoint;
  }

  /**
   * The checkpoint that the training left.
   *
   * @return its file; empty if the trainer has no folder for checkpoints, or none could be written.
   */
  public Optional<Path> checkpoint() {
    return Optional.ofNullable(checkpoint);
  }
}

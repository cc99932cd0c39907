package dev.subbit.tribuo.training.metrics;

/**
 * Told how a training goes, on the thread that trains. What it throws ends the training.
 *
 * <p>A training that goes on from a checkpoint tells of every step after the checkpoint, though the
 * run that was cut may have told of some of them before: a listener that keeps things across runs
 * forgets, when a training begins, what came after {@link TrainingStart#step()}.
 */
@FunctionalInterface
public interface TrainingListener {

  /**
   * A training begins or goes on.
   *
   * @param start where.
   */
  default void started(TrainingStart start) {}

  /**
   * A step is over.
   *
   * @param metrics how it went.
   */
  default void stepFinished(StepMetrics metrics) {}

  /**
   * An epoch is over.
   *
   * @param metrics how it went.
   */
  void epochFinished(EpochMetrics metrics);

  /**
   * The training is over; not called where it was stopped or failed.
   *
   * @param end what it came to.
   */
  default void finished(TrainingEnd end) {}
}

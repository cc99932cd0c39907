package dev.subbit.tribuo.training.metrics;

import java.util.function.Supplier;

/**
 * Receives the progress of a training, on the thread that trains. An exception that it throws ends
 * the training.
 *
 * <p>A resumed training reports every step after its checkpoint, though the interrupted run may
 * have reported some of them before. A listener that keeps records across runs must therefore drop,
 * when a training begins, those after {@link TrainingStart#step()}.
 */
@FunctionalInterface
public interface TrainingListener {

  /**
   * Called when a training begins or is resumed.
   *
   * @param start where it begins.
   */
  default void started(TrainingStart start) {}

  /**
   * Called before work that takes a while and is no step, such as building a stage's graph, or an
   * epoch's validation. It is over when the next step or epoch is reported.
   *
   * @param what the work in words, such as "building the graph".
   */
  default void preparing(String what) {}

  /**
   * Called after every step.
   *
   * @param metrics the results of the step.
   */
  default void stepFinished(StepMetrics metrics) {}

  /**
   * Called after every epoch.
   *
   * @param metrics the results of the epoch.
   */
  void epochFinished(EpochMetrics metrics);

  /**
   * Called after every epoch, by default to pass it on to {@link #epochFinished(EpochMetrics)}. For
   * listeners that want to see the network, too.
   *
   * @param metrics the results of the epoch.
   * @param soFar gives the outcome of the training so far, as if this epoch were the last of the
   *     stage; to be asked during the call only. It takes time: parameters are copied, and where
   *     the stage averages them, statistics are gathered.
   */
  default void epochFinished(EpochMetrics metrics, Supplier<TrainingEnd> soFar) {
    epochFinished(metrics);
  }

  /**
   * Called when the training is over, but not if it was stopped or failed.
   *
   * @param end the outcome of the training.
   */
  default void finished(TrainingEnd end) {}
}

package dev.subbit.tribuo.training.internal.checkpoint;

import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.EpochSums;
import java.util.List;
import java.util.Optional;

/**
 * A training between two steps: everything that it needs to go on.
 *
 * @param fingerprint the configuration and data that the training computes from.
 * @param stage the stage under way, 0 for the first.
 * @param sums the results of the epoch under way so far.
 * @param state parameters, optimiser and codebooks of the stage under way.
 * @param history the epochs that are over, of all stages.
 * @param best the network of the best epoch, where one is kept.
 */
public record Checkpoint(
    Fingerprint fingerprint,
    int stage,
    EpochSums sums,
    TrainingState state,
    List<EpochMetrics> history,
    Optional<TrainedNetworkProto> best) {

  // Copies the list, so that the checkpoint stays as it was made.
  public Checkpoint {
    if (stage < 0) {
      throw new IllegalArgumentException("There is no stage " + stage);
    }
    history = List.copyOf(history);
  }

  /**
   * The epoch under way.
   *
   * @return its number over all stages, 0 for the first.
   */
  public int epoch() {
    return history.size();
  }
}

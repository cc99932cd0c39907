package dev.subbit.tribuo.training.internal.loop;

import dev.subbit.tribuo.training.internal.checkpoint.Checkpoint;
import dev.subbit.tribuo.training.internal.checkpoint.Fingerprint;
import dev.subbit.tribuo.training.internal.checkpoint.StartMessage;
import dev.subbit.tribuo.training.internal.engine.Ranks;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Agrees with the other processes of a training on where it starts. */
final class CommonStart {

  private CommonStart() {}

  /**
   * Hands the checkpoint of rank 0 to all, once all compute from the same configuration and data.
   *
   * @param own the checkpoint of this process, which counts at rank 0.
   * @return the checkpoint to go on from; empty for the beginning.
   * @throws IllegalStateException if a process computes from something else than rank 0; in that
   *     process the message names the differences.
   */
  static Optional<Checkpoint> of(Ranks ranks, Fingerprint fingerprint, Optional<Checkpoint> own) {
    StartMessage first;
    String problem = "";
    try {
      first = StartMessage.of(ranks.fromFirst(new StartMessage(fingerprint, own).bytes()));
      List<String> differences = first.fingerprint().differences(fingerprint);
      problem = String.join("; ", differences);
    } catch (IOException e) {
      first = new StartMessage(fingerprint, Optional.empty());
      problem = "it seems to run another version of Subbit (" + e.getMessage() + ")";
    }
    double different = ranks.sum(problem.isEmpty() ? 0 : 1)[0];
    if (!problem.isEmpty()) {
      throw new IllegalStateException(
          "Task "
              + ranks.rank()
              + " was given another training than task 0: "
              + problem
              + ". All processes need the same configuration and data");
    }
    if (different > 0) {
      throw new IllegalStateException(
          (int) different
              + " of "
              + ranks.count()
              + " processes were given another training than task 0; they say what differs");
    }
    return first.checkpoint();
  }
}

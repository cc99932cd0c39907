package dev.subbit.tribuo.training.internal.loop;

import dev.subbit.tribuo.training.internal.engine.Ranks;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Checks that the processes of a training still hold the same values. All compute them from the
 * same exchanged bits, so they differ only where processors round differently or a memory fails;
 * the codewords and signs that follow would drift apart without a word.
 */
final class CommonState {

  private static final Logger logger = Logger.getLogger(CommonState.class.getName());

  private CommonState() {}

  /**
   * Requires that a state is that of all processes, to the last bit.
   *
   * @param epoch the number of the epoch that is over, which messages name.
   * @param state the state of this process.
   * @throws IllegalStateException if a process has another one than rank 0; the message names it.
   */
  static void require(Ranks ranks, int epoch, TrainingState state) {
    byte[] own = state.digest();
    byte[] first = ranks.fromFirst(own);
    double[] differs = new double[ranks.count()];
    differs[ranks.rank()] = MessageDigest.isEqual(own, first) ? 0 : 1;
    double[] all = ranks.sum(differs);
    String others =
        IntStream.range(0, all.length)
            .filter(rank -> all[rank] > 0)
            .mapToObj(rank -> "task " + rank)
            .collect(Collectors.joining(", "));
    if (!others.isEmpty()) {
      throw new IllegalStateException(
          "After epoch "
              + epoch
              + " not all processes hold the same network: "
              + others
              + " differs from task 0. Use machines with the same kind of processor, which round"
              + " alike; if they are, one computes wrongly. The same commands go on from the last"
              + " checkpoint, which is older");
    }
    logger.info(
        () ->
            "Epoch "
                + epoch
                + ": all variables and codewords are equal in "
                + ranks.count()
                + " processes, SHA-256 "
                + HexFormat.of().formatHex(own));
  }
}

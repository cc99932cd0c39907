package dev.subbit.tribuo.training.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.training.internal.checkpoint.Checkpoint;
import dev.subbit.tribuo.training.internal.checkpoint.Fingerprint;
import dev.subbit.tribuo.training.internal.checkpoint.StartMessage;
import dev.subbit.tribuo.training.internal.engine.Ranks;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import dev.subbit.tribuo.training.metrics.EpochSums;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CommonStartTest {

  private static final Fingerprint FIRST = new Fingerprint(Map.of("threads", "2"), Map.of());

  /**
   * Two ranks, as one of them sees them.
   *
   * @param first what rank 0 says.
   * @param elsewhere the number of problems in the other process.
   */
  private record TwoRanks(int rank, byte[] first, double elsewhere) implements Ranks {

    @Override
    public int count() {
      return 2;
    }

    @Override
    public double[] sum(double... own) {
      return new double[] {own[0] + elsewhere};
    }

    @Override
    public byte[] fromFirst(byte[] own) {
      return rank == 0 ? own : first;
    }

    @Override
    public Exchange exchange(int values) {
      throw new UnsupportedOperationException();
    }
  }

  private static Checkpoint checkpoint() {
    return new Checkpoint(
        FIRST,
        0,
        EpochSums.NONE,
        new TrainingState(7, Map.of("a/weight", new float[] {1, 2}), Map.of()),
        List.of(),
        Optional.empty());
  }

  @Test
  void allGoOnFromTheCheckpointOfRankZero() throws IOException {
    byte[] message = new StartMessage(FIRST, Optional.of(checkpoint())).bytes();
    Optional<Checkpoint> start =
        CommonStart.of(new TwoRanks(1, message, 0), FIRST, Optional.empty());
    assertEquals(7, start.orElseThrow().state().step());
    assertEquals(2f, start.orElseThrow().state().variables().get("a/weight")[1]);
  }

  @Test
  void withoutOneAllBeginAtTheBeginning() throws IOException {
    byte[] message = new StartMessage(FIRST, Optional.empty()).bytes();
    assertTrue(CommonStart.of(new TwoRanks(1, message, 0), FIRST, Optional.empty()).isEmpty());
    assertTrue(CommonStart.of(new TwoRanks(0, null, 0), FIRST, Optional.empty()).isEmpty());
  }

  @Test
  void aRankWithAnotherTrainingSaysWhatDiffers() throws IOException {
    byte[] message = new StartMessage(FIRST, Optional.empty()).bytes();
    Fingerprint other = new Fingerprint(Map.of("threads", "4"), Map.of());
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> CommonStart.of(new TwoRanks(1, message, 0), other, Optional.empty()));
    assertTrue(
        e.getMessage().contains("Task 1 was given another training than task 0: threads was 2"),
        e.getMessage());
  }

  @Test
  void theOthersEndToo() {
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> CommonStart.of(new TwoRanks(0, null, 1), FIRST, Optional.empty()));
    assertTrue(e.getMessage().startsWith("1 of 2 processes"), e.getMessage());
  }
}

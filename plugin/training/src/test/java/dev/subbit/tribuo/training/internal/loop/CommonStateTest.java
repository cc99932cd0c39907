package dev.subbit.tribuo.training.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.training.internal.codebook.CodebookState;
import dev.subbit.tribuo.training.internal.engine.Ranks;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class CommonStateTest {

  private static final int COUNT = 3;

  /** The ranks of one training as threads of this process. */
  private static final class Threads {

    private final CyclicBarrier barrier = new CyclicBarrier(COUNT);
    private final double[][] numbers = new double[COUNT][];
    private byte[] bytes;

    private Ranks rank(int rank) {
      return new Ranks() {
        @Override
        public int rank() {
          return rank;
        }

        @Override
        public int count() {
          return COUNT;
        }

        @Override
        public double[] sum(double... own) {
          numbers[rank] = own;
          await();
          double[] sums = new double[own.length];
          for (double[] one : numbers) {
            for (int i = 0; i < sums.length; i++) {
              sums[i] += one[i];
            }
          }
          await();
          return sums;
        }

        @Override
        public byte[] fromFirst(byte[] own) {
          if (rank == 0) {
            bytes = own;
          }
          await();
          return bytes;
        }

        @Override
        public Exchange exchange(int values) {
          throw new UnsupportedOperationException();
        }
      };
    }

    private void await() {
      try {
        barrier.await();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  private static TrainingState state(float weight, int codeword) {
    return new TrainingState(
        7,
        Map.of("a/weight", new float[] {1, weight}),
        Map.of("a", new CodebookState(new int[] {3, codeword}, Map.of(), Map.of())));
  }

  /** What each of the ranks says; empty where it has nothing against it. */
  private static List<String> objections(TrainingState... states) throws Exception {
    Threads threads = new Threads();
    ExecutorService pool = Executors.newFixedThreadPool(COUNT);
    try {
      List<Future<String>> found = new ArrayList<>();
      for (int rank = 0; rank < COUNT; rank++) {
        Ranks own = threads.rank(rank);
        TrainingState state = states[rank];
        found.add(pool.submit(() -> objection(own, state)));
      }
      List<String> messages = new ArrayList<>();
      for (Future<String> message : found) {
        messages.add(message.get());
      }
      return messages;
    } finally {
      pool.shutdownNow();
    }
  }

  private static String objection(Ranks ranks, TrainingState state) {
    try {
      CommonState.require(ranks, 4, state);
      return "";
    } catch (IllegalStateException e) {
      return e.getMessage();
    }
  }

  @Test
  void equalStatesPass() throws Exception {
    assertEquals(List.of("", "", ""), objections(state(2, 5), state(2, 5), state(2, 5)));
  }

  @Test
  void everyRankNamesTheOneThatDiffersInTheLastBit() throws Exception {
    for (String message : objections(state(2, 5), state(2, 5), state(Math.nextUp(2f), 5))) {
      assertTrue(
          message.startsWith(
              "After epoch 4 not all processes hold the same network: task 2 differs"),
          message);
    }
  }

  @Test
  void codewordsCountAsWell() throws Exception {
    for (String message : objections(state(2, 5), state(2, 6), state(2, 6))) {
      assertTrue(message.contains("task 1, task 2 differs from task 0"), message);
    }
  }
}

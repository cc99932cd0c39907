package dev.subbit.tribuo.training.internal.engine.tensorflow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.training.cluster.TrainingCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that train together over the loopback device. */
class ClusterTrainingTest {

  private static final int LONGEST_SECONDS = 120;

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void endProcesses() {
    processes.forEach(Process::destroyForcibly);
  }

  @Test
  void twoRanksThatSeeTheSameComputeWhatOneAloneDoes() throws Exception {
    trainUntilOneIsLost(2);
    // The mean of two equal gradients is either of them, to the bit.
    assertArrayEquals(state("alone", 0), state("same", 0));
  }

  @Test
  void threeRanksHaveTheSameBitsToo() throws Exception {
    trainUntilOneIsLost(3);
  }

  private void trainUntilOneIsLost(int count) throws Exception {
    List<String> addresses = TrainingCluster.loopbackAddresses(count);
    for (int rank = 0; rank < count; rank++) {
      processes.add(start(String.join(",", addresses), rank));
    }
    assertEquals(RankProcess.DIED, exitCode(1));
    for (int rank = 0; rank < count; rank++) {
      assertEquals(rank == 1 ? RankProcess.DIED : 1, exitCode(rank), "those left fail, too");
      assertEquals(sums(count) + "of rank 0", Files.readString(folder.resolve("ranks-" + rank)));
      for (String training : List.of("alone", "same", "own")) {
        assertArrayEquals(state(training, 0), state(training, rank), training);
      }
    }
    // With a slice of its own, each rank learns from those of all.
    assertFalse(Arrays.equals(state("own", 0), state("alone", 0)));

    String lost = Files.readString(folder.resolve("loss-0"));
    assertTrue(lost.startsWith("Lost task 1 (" + addresses.get(1) + ")"), lost);
  }

  /** Of 1 in every rank, and of 10 and its number. */
  private static String sums(int count) {
    double second = 10 * count + IntStream.range(0, count).sum();
    return Arrays.toString(new double[] {count, second});
  }

  private byte[] state(String training, int rank) throws IOException {
    return Files.readAllBytes(folder.resolve(training + "-" + rank));
  }

  private Process start(String cluster, int rank) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                RankProcess.class.getName(),
                cluster,
                Integer.toString(rank),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(log(rank).toFile());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "2");
    return builder.start();
  }

  private Path log(int rank) {
    return folder.resolve("log-" + rank);
  }

  private int exitCode(int rank) throws Exception {
    Process process = processes.get(rank);
    assertTrue(
        process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS),
        () -> "it does not end: " + logText(rank));
    return process.exitValue();
  }

  private String logText(int rank) {
    try {
      return Files.readString(log(rank));
    } catch (IOException e) {
      return e.toString();
    }
  }
}

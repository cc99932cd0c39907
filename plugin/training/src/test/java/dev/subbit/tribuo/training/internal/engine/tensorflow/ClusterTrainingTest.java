package dev.subbit.tribuo.training.internal.engine.tensorflow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes that train together over the loopback device. */
class ClusterTrainingTest {

  private static final int LONGEST_SECONDS = 120;

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void endProcesses() {
    processes.forEach(Process::destroyForcibly);
  }

  @Test
  void bothRanksHaveTheSameBitsAndALostOneIsNamed() throws Exception {
    List<String> addresses = freeAddresses();
    for (int rank = 0; rank < 2; rank++) {
      processes.add(start(String.join(",", addresses), rank));
    }
    assertEquals(RankProcess.DIED, exitCode(1));
    assertEquals(1, exitCode(0), "the rank that is left fails, too");

    for (int rank = 0; rank < 2; rank++) {
      assertEquals("[2.0, 21.0]of rank 0", Files.readString(folder.resolve("ranks-" + rank)));
    }
    assertArrayEquals(state("alone", 0), state("alone", 1));
    // The mean of two equal gradients is either of them, to the bit.
    assertArrayEquals(state("alone", 0), state("same", 0));
    assertArrayEquals(state("alone", 0), state("same", 1));
    // With a slice of its own, each rank learns from those of both.
    assertArrayEquals(state("own", 0), state("own", 1));
    assertFalse(Arrays.equals(state("own", 0), state("alone", 0)));

    String lost = Files.readString(folder.resolve("loss-0"));
    assertTrue(lost.startsWith("Lost task 1 (" + addresses.get(1) + ")"), lost);
  }

  private byte[] state(String training, int rank) throws IOException {
    return Files.readAllBytes(folder.resolve(training + "-" + rank));
  }

  private static List<String> freeAddresses() throws IOException {
    List<String> addresses = new ArrayList<>();
    try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      for (ServerSocket socket : List.of(one, other)) {
        addresses.add("127.0.0.1:" + socket.getLocalPort());
      }
    }
    return addresses;
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

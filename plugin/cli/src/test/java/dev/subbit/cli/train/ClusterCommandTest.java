package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Model;

/** {@code subbit train --cluster} in two processes over the loopback device. */
class ClusterCommandTest {

  private static final int SIGKILL = 128 + 9;
  private static final int LONGEST_SECONDS = 120;

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void endProcesses() {
    processes.forEach(Process::destroyForcibly);
  }

  @Test
  void aTrainingThatLostAProcessGoesOnToTheSameBits() throws Exception {
    Path config = writeConfig();
    Pair uncut = start(config, "uncut");
    assertEquals(0, uncut.exitCode(0), uncut.output(0));
    assertEquals(0, uncut.exitCode(1), uncut.output(1));
    assertTrue(uncut.output(1).contains("Trained as task 1 of 2"), uncut.output(1));

    Pair killed = start(config, "cut");
    killed.awaitStep("\"step\":7,");
    killed.both.get(1).destroyForcibly();
    assertEquals(SIGKILL, killed.exitCode(1));
    assertEquals(1, killed.exitCode(0), killed.output(0));
    assertTrue(
        killed.output(0).contains("subbit: Lost task 1 (" + killed.addresses.get(1) + ")"),
        killed.output(0));
    assertFalse(Files.exists(killed.model));

    Pair again = start(config, "cut");
    assertEquals(0, again.exitCode(0), again.output(0));
    assertEquals(0, again.exitCode(1), again.output(1));
    assertTrue(again.output(0).contains("Resuming from"), again.output(0));
    assertSameModel(uncut.model, again.model);
  }

  private Path writeConfig() throws IOException {
    StripedImages.source(folder, 64, 1);
    return Files.writeString(
        folder.resolve("config.xml"),
        """
        <config>
          <component name="train" type="dev.subbit.tribuo.data.IdxImageSource">
            <property name="imagesPath" value="%1$s/images-64-1.idx"/>
            <property name="labelsPath" value="%1$s/labels-64-1.idx"/>
          </component>
          <component name="trainer" type="dev.subbit.tribuo.training.SubBitTrainer">
            <property name="network" value="resnet8"/>
            <propertylist name="imageShape"><item>1</item><item>12</item><item>12</item></propertylist>
            <property name="tau" value="4"/>
            <property name="floatEpochs" value="0"/>
            <property name="epochs" value="4"/>
            <property name="batchSize" value="8"/>
            <property name="selection" value="REFINED"/>
            <property name="refineInterval" value="3"/>
            <property name="validationShare" value="0.25"/>
            <property name="averageDecay" value="0.9"/>
            <property name="threads" value="1"/>
          </component>
        </config>
        """
            .formatted(folder));
  }

  private Pair start(Path config, String name) throws IOException {
    List<String> addresses = new ArrayList<>();
    try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      for (ServerSocket socket : List.of(one, other)) {
        addresses.add("127.0.0.1:" + socket.getLocalPort());
      }
    }
    List<Process> both = new ArrayList<>();
    for (int task = 0; task < 2; task++) {
      ProcessBuilder builder =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-XX:TieredStopAtLevel=1",
                  "dev.subbit.cli.Main",
                  "train",
                  config.toString(),
                  "--out",
                  folder.resolve(name + ".sbm").toString(),
                  "--metrics",
                  folder.resolve(name + ".jsonl").toString(),
                  "--metrics-steps",
                  "1",
                  "--cluster",
                  String.join(",", addresses),
                  "--task",
                  Integer.toString(task))
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve(name + task + ".log").toFile());
      builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
      builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "2");
      both.add(builder.start());
    }
    processes.addAll(both);
    return new Pair(name, addresses, both, folder.resolve(name + ".sbm"));
  }

  /** Two processes of one training. */
  private final class Pair {
    private final String name;
    private final List<String> addresses;
    private final List<Process> both;
    private final Path model;

    Pair(String name, List<String> addresses, List<Process> both, Path model) {
      this.name = name;
      this.addresses = addresses;
      this.both = both;
      this.model = model;
    }

    String output(int task) throws IOException {
      return Files.readString(folder.resolve(name + task + ".log"));
    }

    int exitCode(int task) throws Exception {
      Process process = both.get(task);
      assertTrue(process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS), "hangs: " + output(task));
      return process.exitValue();
    }

    /** Waits until the metrics hold a step. */
    void awaitStep(String step) throws Exception {
      Path metrics = folder.resolve(name + ".jsonl");
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
      while (!Files.exists(metrics) || !Files.readString(metrics).contains(step)) {
        if (!both.get(0).isAlive() || System.nanoTime() > end) {
          fail("It ended or hangs: " + output(0));
        }
        Thread.sleep(10);
      }
    }
  }

  private static void assertSameModel(Path expected, Path actual) throws IOException {
    try (SubBitModel one = (SubBitModel) Model.deserializeFromFile(expected);
        SubBitModel other = (SubBitModel) Model.deserializeFromFile(actual)) {
      TrainedNetwork network = one.network();
      assertEquals(network.packed(), other.network().packed());
      assertEquals(network.floats().keySet(), other.network().floats().keySet());
      network
          .floats()
          .forEach(
              (name, values) ->
                  assertArrayEquals(values, other.network().floats().get(name), name));
    }
  }
}

package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code subbit train --cluster} in two processes over the loopback device. */
class ClusterCommandTest {

  @TempDir Path folder;
  private final List<TrainingProcess> processes = new ArrayList<>();

  @AfterEach
  void endProcesses() {
    processes.forEach(TrainingProcess::kill);
  }

  @Test
  void aTrainingThatLostAProcessGoesOnToTheSameBits() throws Exception {
    Path config = writeConfig();
    Pair uncut = start(config, "uncut");
    assertEquals(0, uncut.exitCode(0), uncut.output(0));
    assertEquals(0, uncut.exitCode(1), uncut.output(1));
    assertTrue(uncut.output(1).contains("Trained as task 1 of 2"), uncut.output(1));

    Pair killed = start(config, "cut");
    killed.both.get(0).awaitStep(7);
    killed.both.get(1).kill();
    assertEquals(TrainingProcess.SIGKILL, killed.exitCode(1));
    assertEquals(1, killed.exitCode(0), killed.output(0));
    assertTrue(
        killed.output(0).contains("subbit: Lost task 1 (" + killed.addresses.get(1) + ")"),
        killed.output(0));
    assertFalse(Files.exists(killed.model));

    // The checkpoint serves any number of processes; one needs no cluster.
    Path copy = folder.resolve("copy");
    copyFiles(folder.resolve("cut.checkpoints"), copy);
    TrainingProcess alone = start(config, "alone", folder.resolve("alone.log"), copy);
    assertEquals(0, alone.exitCode(), alone.output());
    assertTrue(alone.hasResumed(), alone.output());

    Pair again = start(config, "cut");
    assertEquals(0, again.exitCode(0), again.output(0));
    assertEquals(0, again.exitCode(1), again.output(1));
    assertTrue(again.output(0).contains("Resuming from"), again.output(0));
    TrainingProcess.assertSameModel(uncut.model, again.model);
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
    List<String> addresses = TrainingCluster.loopbackAddresses(2);
    List<TrainingProcess> both = new ArrayList<>();
    for (int task = 0; task < 2; task++) {
      both.add(
          start(
              config,
              name,
              folder.resolve(name + task + ".log"),
              folder.resolve(name + ".checkpoints"),
              "--cluster",
              String.join(",", addresses),
              // Less than is waited for: a lost connection may show only when an exchange times
              // out.
              "--cluster-timeout",
              "60",
              "--task",
              Integer.toString(task)));
    }
    return new Pair(addresses, both, folder.resolve(name + ".sbm"));
  }

  private TrainingProcess start(
      Path config, String name, Path log, Path checkpoints, String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of("--checkpoints", checkpoints.toString()));
    all.addAll(List.of(options));
    Path model = folder.resolve(name + ".sbm");
    Path metrics = folder.resolve(name + ".jsonl");
    TrainingProcess process =
        new TrainingProcess(config, model, metrics, log, all.toArray(new String[0]));
    processes.add(process);
    return process;
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  /** Two processes of one training, of which the first writes. */
  private record Pair(List<String> addresses, List<TrainingProcess> both, Path model) {

    String output(int task) throws IOException {
      return both.get(task).output();
    }

    int exitCode(int task) throws Exception {
      return both.get(task).exitCode();
    }
  }
}

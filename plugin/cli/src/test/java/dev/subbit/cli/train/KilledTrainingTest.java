package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Model;

/**
 * {@code subbit train --checkpoints} in processes of its own, which are killed: the model of the
 * last one is, to the bit, that of an uninterrupted process.
 */
class KilledTrainingTest {

  /** 192 images, 144 to train on: an epoch has 18 steps of 8 images. */
  private static final int STEPS_OF_AN_EPOCH = 18;

  private static final int STEPS = 8 * STEPS_OF_AN_EPOCH;
  private static final int SIGKILL = 128 + 9;
  private static final int SIGTERM = 128 + 15;
  private static final Pattern RESUMED = Pattern.compile("Resuming from .*after step (\\d+) of");

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void endProcesses() {
    processes.forEach(Process::destroyForcibly);
  }

  @Test
  void aKilledTrainingEndsAsAnUninterruptedOne() throws Exception {
    Path config = writeConfig();
    Run uncut = start("uncut", config, 3600);

    // Killed in the middle of an epoch, after the checkpoint at the end of an earlier one.
    Run first = start("first", config, 3600, "run");
    first.awaitStep(STEPS_OF_AN_EPOCH + 5);
    first.process.destroyForcibly();
    assertEquals(SIGKILL, first.exitCode());
    assertFalse(Files.exists(first.model));

    // Killed with a checkpoint after every step, perhaps while it is written.
    Run second = start("second", config, 0, "run");
    int resumed = second.awaitResumedStep();
    assertTrue(resumed >= STEPS_OF_AN_EPOCH, "after step " + resumed);
    assertEquals(0, resumed % STEPS_OF_AN_EPOCH, "at an epoch's end");
    second.awaitStep(resumed + 7);
    second.process.destroyForcibly();
    assertEquals(SIGKILL, second.exitCode());

    // Asked to end: it leaves a checkpoint that it would not have written otherwise.
    Run third = start("third", config, 3600, "run");
    int killed = third.awaitResumedStep();
    assertTrue(killed > resumed, "after step " + killed);
    third.awaitStep(killed + 3);
    third.process.destroy();
    assertEquals(SIGTERM, third.exitCode());
    Path checkpoint = folder.resolve("run/training.checkpoint");
    assertTrue(third.output().contains("it can go on from " + checkpoint), third.output());

    Run last = start("last", config, 3600, "run");
    int asked = last.awaitResumedStep();
    assertTrue(asked >= killed + 3 && asked < STEPS, "after step " + asked);
    assertEquals(0, last.exitCode(), last.output());
    assertFalse(Files.exists(checkpoint), "removed when the model is saved");

    assertEquals(0, uncut.exitCode(), uncut.output());
    assertSameModel(uncut.model, last.model);
    List<ObjectNode> lines = withoutTimes(folder.resolve("uncut.jsonl"));
    assertEquals(STEPS + 8, lines.size());
    assertEquals(lines, withoutTimes(folder.resolve("run.jsonl")));
  }

  @Test
  void aCommandGivenAgainGoesOnWithoutBeingAsked() throws Exception {
    Path config = writeConfig();
    Run first = start("same", config, 3600, null);
    first.awaitStep(STEPS_OF_AN_EPOCH + 5);
    first.process.destroyForcibly();
    assertEquals(SIGKILL, first.exitCode());

    // Another configuration begins at its first step, and leaves the checkpoint alone.
    Run changed = start("same", config, 1800, null);
    changed.awaitStep(STEPS_OF_AN_EPOCH + 5);
    assertFalse(RESUMED.matcher(changed.output()).find(), changed.output());
    changed.process.destroyForcibly();
    assertEquals(SIGKILL, changed.exitCode());

    Run again = start("same", config, 3600, null);
    assertEquals(STEPS_OF_AN_EPOCH, again.awaitResumedStep());
    assertEquals(0, again.exitCode(), again.output());
    assertTrue(Files.exists(again.model));
  }

  private Path writeConfig() throws IOException {
    StripedImages.source(folder, 192, 1);
    return Files.writeString(
        folder.resolve("config.xml"),
        """
        <config>
          <component name="train" type="dev.subbit.tribuo.data.IdxImageSource">
            <property name="imagesPath" value="%1$s/images-192-1.idx"/>
            <property name="labelsPath" value="%1$s/labels-192-1.idx"/>
          </component>
          <component name="trainer" type="dev.subbit.tribuo.training.SubBitTrainer">
            <property name="network" value="resnet8"/>
            <propertylist name="imageShape"><item>1</item><item>12</item><item>12</item></propertylist>
            <property name="tau" value="4"/>
            <property name="floatEpochs" value="1"/>
            <property name="epochs" value="7"/>
            <property name="batchSize" value="8"/>
            <property name="selection" value="REFINED"/>
            <property name="refineInterval" value="3"/>
            <property name="validationShare" value="0.25"/>
            <property name="threads" value="1"/>
          </component>
        </config>
        """
            .formatted(folder));
  }

  private Run start(String name, Path config, int checkpointSeconds) throws IOException {
    return start(name, config, checkpointSeconds, name);
  }

  /** Runs of one group share checkpoints and metrics; without one, they name no folder. */
  private Run start(String name, Path config, int checkpointSeconds, String group)
      throws IOException {
    Run run =
        new Run(
            folder.resolve(name + ".sbm"),
            folder.resolve(group + ".jsonl"),
            folder.resolve(name + ".log"));
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "dev.subbit.cli.Main",
            "train",
            config.toString(),
            "--set",
            "trainer.checkpointSeconds=" + checkpointSeconds,
            "--out",
            run.model.toString(),
            "--metrics",
            run.metrics.toString(),
            "--metrics-steps",
            "1"));
    if (group != null) {
      command.addAll(List.of("--checkpoints", folder.resolve(group).toString()));
    }
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(run.log.toFile());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "2");
    run.process = builder.start();
    processes.add(run.process);
    return run;
  }

  /** A training in a process of its own. */
  private static final class Run {
    private final Path model;
    private final Path metrics;
    private final Path log;
    private Process process;

    Run(Path model, Path metrics, Path log) {
      this.model = model;
      this.metrics = metrics;
      this.log = log;
    }

    String output() throws IOException {
      return Files.readString(log);
    }

    int exitCode() throws Exception {
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), "it does not end: " + output());
      return process.exitValue();
    }

    /** Waits until the metrics hold a step. */
    void awaitStep(int step) throws Exception {
      await(
          () ->
              Files.exists(metrics)
                  && Files.readString(metrics).contains("\"step\":" + step + ","));
    }

    /** Waits until the training prints where it resumes. */
    int awaitResumedStep() throws Exception {
      await(() -> RESUMED.matcher(output()).find());
      Matcher matcher = RESUMED.matcher(output());
      assertTrue(matcher.find());
      return Integer.parseInt(matcher.group(1));
    }

    private interface Condition {
      boolean holds() throws IOException;
    }

    private void await(Condition condition) throws Exception {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      while (!condition.holds()) {
        if (!process.isAlive() || System.nanoTime() > end) {
          if (!condition.holds()) {
            fail("It ended or hangs: " + output());
          }
          return;
        }
        Thread.sleep(10);
      }
    }
  }

  private static void assertSameModel(Path expected, Path actual) throws IOException {
    try (SubBitModel one = (SubBitModel) Model.deserializeFromFile(expected);
        SubBitModel other = (SubBitModel) Model.deserializeFromFile(actual)) {
      TrainedNetwork network = one.network();
      assertEquals(network.network(), other.network().network());
      assertEquals(network.packed(), other.network().packed());
      assertEquals(network.floats().keySet(), other.network().floats().keySet());
      network
          .floats()
          .forEach(
              (name, values) ->
                  assertArrayEquals(values, other.network().floats().get(name), name));
    }
  }

  private static List<ObjectNode> withoutTimes(Path metrics) throws IOException {
    List<ObjectNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(metrics)) {
      ObjectNode object = (ObjectNode) new ObjectMapper().readTree(line);
      object.remove(List.of("seconds", "imagesPerSecond"));
      lines.add(object);
    }
    return lines;
  }
}

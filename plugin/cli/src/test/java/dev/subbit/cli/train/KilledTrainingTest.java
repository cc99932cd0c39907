package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.subbit.tribuo.data.StripedImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code subbit train --checkpoints} in processes of its own, which are killed: the model of the
 * last one is, to the bit, that of an uninterrupted process.
 */
class KilledTrainingTest {

  /** 192 images, 144 to train on: an epoch has 18 steps of 8 images. */
  private static final int STEPS_OF_AN_EPOCH = 18;

  private static final int STEPS = 8 * STEPS_OF_AN_EPOCH;

  @TempDir Path folder;
  private final List<TrainingProcess> processes = new ArrayList<>();

  @AfterEach
  void endProcesses() {
    processes.forEach(TrainingProcess::kill);
  }

  @Test
  void aKilledTrainingEndsAsAnUninterruptedOne() throws Exception {
    Path config = writeConfig();
    TrainingProcess uncut = start("uncut", config, 3600);

    // Killed in the middle of an epoch, after the checkpoint at the end of an earlier one.
    TrainingProcess first = start("first", config, 3600, "run");
    first.awaitStep(STEPS_OF_AN_EPOCH + 5);
    first.kill();
    assertEquals(TrainingProcess.SIGKILL, first.exitCode());
    assertFalse(Files.exists(first.model()));

    // Killed with a checkpoint after every step, perhaps while it is written.
    TrainingProcess second = start("second", config, 0, "run");
    int resumed = second.awaitResumedStep();
    assertTrue(resumed >= STEPS_OF_AN_EPOCH, "after step " + resumed);
    assertEquals(0, resumed % STEPS_OF_AN_EPOCH, "at an epoch's end");
    second.awaitStep(resumed + 7);
    second.kill();
    assertEquals(TrainingProcess.SIGKILL, second.exitCode());

    // Asked to end: it leaves a checkpoint that it would not have written otherwise.
    TrainingProcess third = start("third", config, 3600, "run");
    int killed = third.awaitResumedStep();
    assertTrue(killed > resumed, "after step " + killed);
    third.awaitStep(killed + 3);
    third.terminate();
    assertEquals(TrainingProcess.SIGTERM, third.exitCode());
    Path checkpoint = folder.resolve("run/training.checkpoint");
    assertTrue(third.output().contains("it can go on from " + checkpoint), third.output());

    TrainingProcess last = start("last", config, 3600, "run");
    int asked = last.awaitResumedStep();
    assertTrue(asked >= killed + 3 && asked < STEPS, "after step " + asked);
    assertEquals(0, last.exitCode(), last.output());
    assertFalse(Files.exists(checkpoint), "removed when the model is saved");

    assertEquals(0, uncut.exitCode(), uncut.output());
    TrainingProcess.assertSameModel(uncut.model(), last.model());
    List<ObjectNode> lines = withoutTimes(folder.resolve("uncut.jsonl"));
    assertEquals(STEPS + 8, lines.size());
    assertEquals(lines, withoutTimes(folder.resolve("run.jsonl")));
  }

  @Test
  void aCommandGivenAgainGoesOnWithoutBeingAsked() throws Exception {
    Path config = writeConfig();
    TrainingProcess first = start("same", config, 3600, null);
    first.awaitStep(STEPS_OF_AN_EPOCH + 5);
    first.kill();
    assertEquals(TrainingProcess.SIGKILL, first.exitCode());

    // Another configuration begins at its first step, and leaves the checkpoint alone.
    TrainingProcess changed = start("same", config, 1800, null);
    changed.awaitStep(STEPS_OF_AN_EPOCH + 5);
    assertFalse(changed.hasResumed(), changed.output());
    changed.kill();
    assertEquals(TrainingProcess.SIGKILL, changed.exitCode());

    TrainingProcess again = start("same", config, 3600, null);
    assertEquals(STEPS_OF_AN_EPOCH, again.awaitResumedStep());
    assertEquals(0, again.exitCode(), again.output());
    assertTrue(Files.exists(again.model()));
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

  private TrainingProcess start(String name, Path config, int checkpointSeconds)
      throws IOException {
    return start(name, config, checkpointSeconds, name);
  }

  /** Runs of one group share checkpoints and metrics; without one, they name no folder. */
  private TrainingProcess start(String name, Path config, int checkpointSeconds, String group)
      throws IOException {
    List<String> options = new ArrayList<>();
    Collections.addAll(options, "--set", "trainer.checkpointSeconds=" + checkpointSeconds);
    if (group != null) {
      Collections.addAll(options, "--checkpoints", folder.resolve(group).toString());
    }
    TrainingProcess run =
        new TrainingProcess(
            config,
            folder.resolve(name + ".sbm"),
            folder.resolve(group + ".jsonl"),
            folder.resolve(name + ".log"),
            options.toArray(new String[0]));
    processes.add(run);
    return run;
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

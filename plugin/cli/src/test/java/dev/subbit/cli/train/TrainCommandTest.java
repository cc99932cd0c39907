package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.cli.files.IdxFiles;
import dev.subbit.cli.report.Figures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {

  private static final String TRAINER =
      """
        <component name="%s" type="dev.subbit.tribuo.training.SubBitTrainer">
          <property name="network" value="resnet8"/>
          <propertylist name="imageShape"><item>1</item><item>8</item><item>8</item></propertylist>
          <property name="epochs" value="1"/>
          <property name="threads" value="1"/>
          <property name="batchSize" value="16"/>
          <property name="tau" value="%d"/>
        </component>
      """;

  @TempDir Path folder;
  private Path data;
  private Path model;

  @BeforeEach
  void writeImages() throws IOException {
    data = IdxFiles.write(folder.resolve("data"), 64, 20);
    model = folder.resolve("model.sbm");
  }

  @Test
  void trainsSavesAndEvaluates() throws IOException {
    Path config = config(TRAINER.formatted("trainer", 4));
    Path json = folder.resolve("train.json");
    CommandRun run = CommandRun.of("train", config, "--out", model, "--json", json);
    assertEquals(0, run.code(), run.err());
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertEquals(64, report.get("trainImages").asInt());
    assertEquals(20, report.get("testImages").asInt());

    // The saved model is the one that was evaluated.
    Path again = folder.resolve("predict.json");
    CommandRun predict = CommandRun.of("predict", model, "--data", data, "--json", again);
    assertEquals(0, predict.code(), predict.err());
    assertEquals(
        report.get("accuracy").asDouble(),
        new ObjectMapper().readTree(again.toFile()).get("accuracy").asDouble(),
        1e-9);
  }

  /** On a machine without a GPU; where there is one, it is trained on. */
  @Test
  void theDeviceIsAPropertyOfTheTrainer() throws IOException {
    Path config = config(TRAINER.formatted("trainer", 4));
    Path json = folder.resolve("train.json");
    Path report = folder.resolve("report.html");
    CommandRun run =
        CommandRun.of(
            "train",
            config,
            "--out",
            model,
            "--json",
            json,
            "--report",
            report,
            "--device",
            "auto");
    assertEquals(0, run.code(), run.err());
    String device = new ObjectMapper().readTree(json.toFile()).get("device").asText();
    assertTrue(Files.readString(report).contains("<dt>device</dt><dd>" + device + "</dd>"));
    CommandRun gpu = CommandRun.of("train", config, "--out", model, "--device", "gpu");
    CommandRun set = CommandRun.of("train", config, "--out", model, "--set", "trainer.device=GPU");
    assertEquals(device.equals("GPU") ? 0 : 1, gpu.code(), gpu.err());
    assertEquals(gpu.code(), set.code());
    if (device.equals("CPU")) {
      assertTrue(gpu.err().contains("device is GPU, but "), gpu.err());
      assertEquals(gpu.err(), set.err());
      assertEquals("", gpu.out());
    }
    assertEquals(2, CommandRun.of("train", config, "--device", "tpu").code());
  }

  @Test
  void leavesAReport() throws IOException {
    Path config = config(TRAINER.formatted("trainer", 4));
    Path json = folder.resolve("train.json");
    Path report = folder.resolve("report.html");
    CommandRun run =
        CommandRun.of("train", config, "--out", model, "--json", json, "--report", report);
    assertEquals(0, run.code(), run.err());
    String page = Files.readString(report);
    assertTrue(page.endsWith("</html>\n"));
    // 64 images in one epoch, 20 in the test; the network's six sub-bit layers, 16 codewords each.
    assertTrue(page.contains("Trained on 64 images, tested on 20"));
    assertTrue(page.contains("training, epoch 1: loss"));
    assertEquals(6, count(page, "<div class=\"layer\">"));
    assertEquals(6 * 16, count(page, "<title>index "));
    assertTrue(page.contains("<dt>tau</dt><dd>4</dd>"));
    assertTrue(page.contains("<dt>imageShape</dt><dd>1, 8, 8</dd>"));
    assertTrue(page.contains(data.resolve("t10k-images-idx3-ubyte").toString()));
    JsonNode results = new ObjectMapper().readTree(json.toFile());
    assertTrue(
        page.contains(
            Figures.percent(results.get("accuracy").asDouble())
                + "</b>of 20 test images recognised"));
    assertEquals(report.toString(), results.get("report").asText());
  }

  @Test
  void aReportThatCannotBeWrittenIsRefusedBeforeTheTraining() throws IOException {
    Path config = config(TRAINER.formatted("trainer", 4));
    Path report = folder.resolve("none/report.html");
    CommandRun run = CommandRun.of("train", config, "--out", model, "--report", report);
    assertEquals(1, run.code());
    assertTrue(run.err().contains(report.toString()), run.err());
    assertFalse(Files.exists(model));
  }

  private static int count(String text, String part) {
    return text.split(part, -1).length - 1;
  }

  @Test
  void keepsCheckpointsMetricsAndEvents() throws IOException {
    Path config = config(TRAINER.formatted("trainer", 4));
    Path metrics = folder.resolve("metrics.jsonl");
    Path checkpoints = folder.resolve("checkpoints");
    CommandRun run =
        CommandRun.of(
            "train",
            config,
            "--out",
            model,
            "--checkpoints",
            checkpoints,
            "--metrics",
            metrics,
            "--metrics-steps",
            2,
            "--tensorboard",
            folder.resolve("runs/first"));
    assertEquals(0, run.code(), run.err());
    assertTrue(Files.exists(model));
    try (Stream<Path> events = Files.list(folder.resolve("runs/first"))) {
      assertEquals(1, events.filter(file -> file.toString().contains("tfevents")).count());
    }
    assertFalse(Files.exists(checkpoints.resolve("training.checkpoint")));
    // 64 images in batches of 16: steps 2 and 4, and the epoch.
    assertEquals(3, Files.readAllLines(metrics).size());
  }

  @Test
  void findsLearningRates() throws IOException {
    Path config = config(TRAINER.formatted("trainer", 4));
    Path json = folder.resolve("rates.json");
    CommandRun run =
        CommandRun.of("train", config, "--out", model, "--find-learning-rate", "--json", json);
    assertEquals(0, run.code(), run.err());
    JsonNode range = new ObjectMapper().readTree(json.toFile());
    assertEquals(1e-6, range.get("points").get(0).get("learningRate").asDouble(), 1e-12);
    assertTrue(range.get("points").size() > 20);
    assertTrue(run.out().contains("falls most steeply at "), run.out());
    assertTrue(run.out().contains("--set trainer.learningRate="), run.out());
    assertFalse(Files.exists(model));
    assertFalse(Files.exists(folder.resolve("model.sbm.training")));
  }

  @Test
  void leavesNoFolderOfCheckpointsButThoseOfOtherConfigurations() throws IOException {
    Path config = config(TRAINER.formatted("trainer", 4));
    Path kept = folder.resolve("model.sbm.training");
    assertEquals(0, CommandRun.of("train", config, "--out", model).code());
    assertFalse(Files.exists(kept));

    Path other = Files.createDirectories(kept.resolve("other"));
    assertEquals(0, CommandRun.of("train", config, "--out", model).code());
    try (Stream<Path> left = Files.list(kept)) {
      assertEquals(List.of(other), left.toList());
    }
    CommandRun both =
        CommandRun.of("train", config, "--no-checkpoints", "--checkpoints", folder, "--out", model);
    assertEquals(1, both.code());
    assertTrue(both.err().contains("exclude each other"), both.err());
  }

  @Test
  void metricsThatCannotBeWrittenAreNamedBeforeTraining() throws IOException {
    Path config = config(TRAINER.formatted("trainer", 4));
    Path metrics = folder.resolve("none/metrics.jsonl");
    CommandRun run = CommandRun.of("train", config, "--out", model, "--metrics", metrics);
    assertEquals(1, run.code());
    assertTrue(run.err().contains(metrics.toString()), run.err());

    Path other = Files.writeString(folder.resolve("other"), "precious");
    CommandRun taken = CommandRun.of("train", config, "--out", model, "--metrics", other);
    assertEquals(1, taken.code());
    assertTrue(taken.err().contains(other.toString()), taken.err());
    assertEquals("precious", Files.readString(other));
    assertFalse(Files.exists(model));
  }

  @Test
  void severalTrainersNeedAChoice() throws IOException {
    Path config = config(TRAINER.formatted("fine", 6) + TRAINER.formatted("coarse", 4));
    CommandRun run = CommandRun.of("train", config, "--out", model);
    assertEquals(1, run.code());
    assertTrue(run.err().contains("--trainer"), run.err());
    assertTrue(run.err().contains("fine") && run.err().contains("coarse"), run.err());

    CommandRun wrong = CommandRun.of("train", config, "--out", model, "--trainer", "none");
    assertEquals(1, wrong.code());
    assertTrue(wrong.err().contains("'none'"), wrong.err());
    assertFalse(Files.exists(model));
  }

  @Test
  void aWrongPropertyIsNamed() throws IOException {
    Path config = config(TRAINER.formatted("trainer", 10));
    CommandRun run = CommandRun.of("train", config, "--out", model);
    assertEquals(1, run.code());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("tau is 10"), run.err());
    assertTrue(run.err().contains(config.toString()), run.err());
    assertFalse(Files.exists(model));
  }

  @Test
  void valuesOfTheConfigurationCanBeSet() throws IOException {
    Path config = config("<property name=\"seed\" value=\"1\"/>" + TRAINER.formatted("trainer", 4));
    Path json = folder.resolve("train.json");
    CommandRun run =
        CommandRun.of(
            "train", config, "--out", model, "--set", "trainer.batchSize=65", "--json", json);
    assertEquals(1, run.code());
    assertTrue(run.err().contains("batchSize is 65"), run.err());

    run = CommandRun.of("train", config, "--out", model, "--set", "trainer.tau=10");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("tau is 10"), run.err());

    run = CommandRun.of("train", config, "--out", model, "--set", "trainr.tau=3");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("'trainr'") && run.err().contains("trainer"), run.err());

    run = CommandRun.of("train", config, "--out", model, "--set", "trainer.tao=3");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("tao"), run.err());

    run = CommandRun.of("train", config, "--out", model, "--set", "sed=3");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("'sed'"), run.err());
    assertFalse(Files.exists(model));
  }

  @Test
  void aValueOfTheWrongKindIsNamedWithWhatIsAllowed() throws IOException {
    Path config =
        config(TRAINER.formatted("trainer", 4) + "<component name=\"heir\" inherit=\"trainer\"/>");
    for (String trainer : new String[] {"trainer", "heir"}) {
      CommandRun run =
          CommandRun.of(
              "train",
              config,
              "--trainer",
              trainer,
              "--set",
              trainer + ".weights=TERNARY",
              "--out",
              model);
      assertEquals(1, run.code());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains("weights: TERNARY"), run.err());
      assertTrue(run.err().contains("[FLOAT, SUB_BIT]"), run.err());
    }
    CommandRun run =
        CommandRun.of(
            "train",
            config,
            "--trainer",
            "trainer",
            "--set",
            "trainer.epochs=three",
            "--out",
            model);
    assertEquals(1, run.code());
    assertTrue(run.err().contains("epochs: three is not an integer"), run.err());
    assertFalse(Files.exists(model));
  }

  @Test
  void propertiesOfTheWholeFileCanBeSet() throws IOException {
    Path config =
        config(
            "<property name=\"bits\" value=\"4\"/>"
                + TRAINER.formatted("trainer", 4).replace("value=\"4\"", "value=\"${bits}\""));
    CommandRun run = CommandRun.of("train", config, "--out", model, "--set", "bits=12");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("tau is 12"), run.err());
  }

  @Test
  void aMissingImageFileIsNamed() throws IOException {
    Files.delete(data.resolve("train-labels-idx1-ubyte"));
    CommandRun run =
        CommandRun.of("train", config(TRAINER.formatted("trainer", 4)), "--out", model);
    assertEquals(1, run.code());
    assertTrue(run.err().contains("train-labels-idx1-ubyte"), run.err());
  }

  @Test
  void brokenAndMissingConfigurationsAreNamed() throws IOException {
    Path broken = Files.writeString(folder.resolve("broken.xml"), "<config><component");
    for (Path config : new Path[] {broken, folder.resolve("none.xml")}) {
      CommandRun run = CommandRun.of("train", config, "--out", model);
      assertEquals(1, run.code());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains(config.toString()), run.err());
    }
  }

  private Path config(String trainers) throws IOException {
    return Files.writeString(
        folder.resolve("config.xml"),
        "<config>\n"
            + source("train", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte")
            + source("test", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz")
            + trainers
            + "</config>\n");
  }

  private String source(String name, String images, String labels) {
    return """
      <component name="%s" type="dev.subbit.tribuo.data.IdxImageSource">
        <property name="imagesPath" value="%s"/>
        <property name="labelsPath" value="%s"/>
      </component>
    """
        .formatted(name, data.resolve(images), data.resolve(labels));
  }
}

package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.cli.files.IdxFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchAccuracyCommandTest {

  @TempDir Path folder;

  @Test
  void everyTrainerIsTrainedOnceForEverySeed() throws IOException {
    Path config = config();
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "bench",
            "accuracy",
            config,
            "--trainers",
            "fine,coarse",
            "--seeds",
            "3,4",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    assertEquals(2, rows.size());
    assertEquals("fine", rows.get(0).get("trainer").asText());
    assertEquals(6 / 9.0, rows.get(0).get("bitsPerWeight").asDouble(), 1e-12);
    assertEquals(4 / 9.0, rows.get(1).get("bitsPerWeight").asDouble(), 1e-12);
    for (JsonNode row : rows) {
      JsonNode runs = row.get("runs");
      assertEquals(3, runs.get(0).get("seed").asInt());
      assertEquals(4, runs.get(1).get("seed").asInt());
      double first = runs.get(0).get("accuracy").asDouble();
      double second = runs.get(1).get("accuracy").asDouble();
      assertEquals((first + second) / 2, row.get("mean").asDouble(), 1e-12);
      assertEquals(Math.min(first, second), row.get("lowest").asDouble());
      assertEquals(Math.max(first, second), row.get("highest").asDouble());
    }
    assertTrue(run.out().contains("bits/weight"), run.out());

    // A run is the training that the train command does with that seed.
    Path model = folder.resolve("model.sbm");
    Path again = folder.resolve("again.json");
    CommandRun train =
        CommandRun.of(
            "train",
            config,
            "--trainer",
            "coarse",
            "--set",
            "coarse.seed=4",
            "--out",
            model,
            "--json",
            again);
    assertEquals(0, train.code(), train.err());
    assertEquals(
        rows.get(1).get("runs").get(1).get("accuracy").asDouble(),
        new ObjectMapper().readTree(again.toFile()).get("accuracy").asDouble());
  }

  @Test
  void aWrongNameIsFoundBeforeTheFirstTraining() throws IOException {
    CommandRun run = CommandRun.of("bench", "accuracy", config(), "--trainers", "fine,corse");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("'corse'") && run.err().contains("coarse"), run.err());
    assertEquals("", run.out());
  }

  private Path config() throws IOException {
    Path data = IdxFiles.write(folder.resolve("data"), 64, 20);
    return Files.writeString(
        folder.resolve("config.xml"),
        """
        <config>
          <component name="train" type="dev.subbit.tribuo.data.IdxImageSource">
            <property name="imagesPath" value="%1$s/train-images-idx3-ubyte.gz"/>
            <property name="labelsPath" value="%1$s/train-labels-idx1-ubyte"/>
          </component>
          <component name="test" type="dev.subbit.tribuo.data.IdxImageSource">
            <property name="imagesPath" value="%1$s/t10k-images-idx3-ubyte"/>
            <property name="labelsPath" value="%1$s/t10k-labels-idx1-ubyte.gz"/>
          </component>
          <component name="fine" type="dev.subbit.tribuo.training.SubBitTrainer">
            <property name="network" value="resnet8"/>
            <propertylist name="imageShape"><item>1</item><item>8</item><item>8</item></propertylist>
            <property name="epochs" value="1"/>
            <property name="threads" value="1"/>
            <property name="batchSize" value="16"/>
            <property name="tau" value="6"/>
          </component>
          <component name="coarse" inherit="fine">
            <property name="tau" value="4"/>
          </component>
        </config>
        """
            .formatted(data));
  }
}

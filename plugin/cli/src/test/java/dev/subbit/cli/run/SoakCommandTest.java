package dev.subbit.cli.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TinyModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code subbit soak} for a second or less. */
class SoakCommandTest {

  @TempDir Path folder;

  private Path save(SubBitModel model) throws IOException {
    Path file = folder.resolve("m.sbm");
    try (model) {
      model.serializeToFile(file);
    }
    return file;
  }

  @Test
  void allThreadsRunOnAllBackEnds() throws IOException {
    Path json = folder.resolve("soak.json");
    CommandRun run =
        CommandRun.of(
            "soak",
            save(TinyModels.integer()).toString(),
            "--threads",
            "3",
            "--minutes",
            "0.01",
            "--backends",
            "onnxruntime,native,emulator",
            "--max-growth",
            "1000",
            "--json",
            json.toString(),
            "--quiet");
    assertEquals(0, run.code(), run::err);
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertEquals(3, report.get("places").size());
    for (JsonNode place : report.get("places")) {
      assertTrue(place.get("runs").asLong() > 0, place::toString);
      assertEquals(0, place.get("differing").asLong(), place::toString);
    }
    assertTrue(report.get("memoryAtTheEnd").asLong() > 10 << 20, report::toString);
  }

  @Test
  void realActivationsNeedATolerance() throws IOException {
    Path model =
        save(
            TestModels.model(
                TestModels.network(TestModels.Mode.SUB_BIT, "resnet8", TinyModels.SHAPE),
                TestModels.dataset(TinyModels.SHAPE, 4)));
    Object[] arguments = {
      "soak",
      model.toString(),
      "--threads",
      "2",
      "--minutes",
      "0.005",
      "--backends",
      "onnxruntime,native",
      "--max-growth",
      "1000"
    };
    CommandRun run = CommandRun.of((Object[]) arguments);
    assertEquals(1, run.code());
    assertTrue(run.err().contains("need --tolerance"), run.err());
    String[] tolerant = Arrays.copyOf(arguments, arguments.length + 2);
    tolerant[arguments.length] = "--tolerance";
    tolerant[arguments.length + 1] = "1e-3";
    run = CommandRun.of((Object[]) tolerant);
    assertEquals(0, run.code(), run::err);
    assertTrue(run.out().contains("2 threads"), run.out());
  }

  @Test
  void numbersOutOfRangeAreWrongUsage() {
    assertEquals(2, CommandRun.of("soak", "--threads", "0").code());
    assertEquals(2, CommandRun.of("soak", "--minutes", "0").code());
    assertEquals(2, CommandRun.of("soak", "--minutes", "-1").code());
  }
}

package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.cli.Main;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchIntegerCommandTest {

  @TempDir Path folder;

  @Test
  void partsAndNetworksAreMeasuredBesideTheBinaryForm() throws IOException {
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "bench",
            "integer",
            "--networks",
            "resnet20-28",
            "--peers",
            "onnxruntime",
            "--clock",
            "processor",
            "--rounds",
            "1",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    List<String> measured = new ArrayList<>();
    for (JsonNode row : new ObjectMapper().readTree(json.toFile())) {
      boolean integer = row.get("op").asText().startsWith("integer");
      if (integer && row.get("tau").asInt() == 5) {
        measured.add(row.get("case").asText());
      }
      assertEquals(integer, row.get("times_binary").isNumber(), row.toString());
      assertTrue(row.get("times_fp32").asDouble() > 0);
      assertTrue(row.get("times_bnn").asDouble() > 0);
      assertTrue(row.get("openvino_int8_us").isNull());
      assertEquals("processor", row.get("clock").asText());
    }
    assertEquals(
        List.of(
            "resnet18 stem",
            "56x56x64",
            "28x28x128",
            "14x14x256",
            "7x7x512",
            "resnet18 shortcuts, classifier",
            "resnet20 28x28"),
        measured);
    assertTrue(run.out().contains("x binary"), run.out());
  }

  @Test
  void theProcessorsTimeIsThatOfOneThread() {
    CommandRun run = CommandRun.of("bench", "integer", "--clock", "processor", "--threads", "1,2");
    assertEquals(Main.WRONG_USAGE, run.code());
    assertTrue(run.err().contains("--clock processor measures one thread"), run.err());
  }
}

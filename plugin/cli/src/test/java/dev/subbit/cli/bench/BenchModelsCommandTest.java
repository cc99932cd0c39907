package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.cli.Main;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchModelsCommandTest {

  @TempDir Path folder;

  @Test
  void aNetworkIsMeasuredBesideItsTwins() throws IOException {
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "bench",
            "models",
            "--networks",
            "resnet20",
            "--tau",
            "5",
            "--peers",
            "onnxruntime",
            "--rounds",
            "2",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    assertEquals(2, rows.size());
    assertEquals("binary", rows.get(0).get("op").asText());
    assertEquals("integer", rows.get(1).get("op").asText());
    assertEquals(rows.get(0).get("median_us"), rows.get(1).get("binary_us"));
    for (JsonNode row : rows) {
      assertEquals("resnet20 32x32", row.get("case").asText());
      assertEquals(5, row.get("tau").asInt());
      for (String time : List.of("median_us", "ort_fp32_us", "ort_int8_us", "bnn_us")) {
        assertTrue(row.get(time).asDouble() > 0, time);
      }
    }
    assertTrue(run.out().contains("resnet20 32x32"), run.out());
  }

  @Test
  void anUnknownNetworkIsAUsageError() {
    CommandRun run = CommandRun.of("bench", "models", "--networks", "resnet18,resnet19");
    assertEquals(Main.WRONG_USAGE, run.code());
    assertTrue(run.err().contains("'resnet19', there are resnet18, resnet34, resnet20"), run.err());
  }
}

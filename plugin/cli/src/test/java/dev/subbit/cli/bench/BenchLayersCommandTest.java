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

class BenchLayersCommandTest {

  @TempDir Path folder;

  @Test
  void everyOperatorIsMeasuredAtEveryTauBesideItsPeers() throws IOException {
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "bench",
            "layers",
            "--shapes",
            "8X8X64",
            "--tau",
            "4,9",
            "--peers",
            "onnxruntime",
            "--rounds",
            "3",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    List<String> measured = new ArrayList<>();
    for (JsonNode row : rows) {
      measured.add(row.get("op").asText() + " " + row.get("tau"));
      assertEquals("8x8x64", row.get("case").asText());
      assertEquals("resnet20", row.get("network").asText());
      assertEquals(3, row.get("rounds").asInt());
      assertEquals(1, row.get("threads").asInt());
      for (String time : List.of("median_us", "ort_fp32_us", "ort_int8_us", "bnn_us")) {
        double median = row.get(time).asDouble();
        assertTrue(median > 0, time);
        JsonNode quartiles = row.get("quartiles").get(time);
        assertTrue(quartiles.get(0).asDouble() <= median, time);
        assertTrue(quartiles.get(1).asDouble() >= median, time);
      }
      assertTrue(row.get("times_fp32").asDouble() > 0);
      assertTrue(row.get("times_int8").asDouble() > 0);
      assertEquals(1, row.get("times_one_thread").asDouble());
      assertTrue(row.get("call_us").asDouble() > 0);
      assertTrue(run.out().contains(row.get("kernel").asText()), run.out());
      assertTrue(row.has("isa") && row.has("bound"));
      if (row.get("tau").asInt() == 9) {
        assertEquals(row.get("bnn_us"), row.get("median_us"));
        assertEquals(1, row.get("times_bnn").asDouble());
      }
    }
    List<String> expected = new ArrayList<>();
    for (LayerOperator operator : LayerOperator.values()) {
      expected.add(operator.label() + " 4");
      expected.add(operator.label() + " 9");
    }
    assertEquals(expected, measured);
  }

  @Test
  void severalStagesAreMeasuredBesideOne() throws IOException {
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "bench",
            "layers",
            "--shapes",
            "8x8x64",
            "--op",
            "real",
            "--tau",
            "4",
            "--stages",
            "1,3",
            "--peers",
            "onnxruntime",
            "--rounds",
            "3",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    List<String> kernels = new ArrayList<>();
    for (JsonNode row : new ObjectMapper().readTree(json.toFile())) {
      kernels.add(row.get("op").asText() + ": " + row.get("kernel").asText().split(",")[0]);
    }
    assertEquals(
        List.of("real: response maps", "real, 3 stages: response maps of 3 stages"), kernels);
  }

  @Test
  void wrongOptionsAreUsageErrorsThatNameWhatThereIs() {
    assertWrongUsage("'9x9x9', there are 56x56x64", "--shapes", "9x9x9");
    assertWrongUsage("--tau is 12, allowed: 1 to 9", "--tau", "5,12");
    assertWrongUsage("--stages is 9, allowed: 1 to 8", "--stages", "2,9");
    assertWrongUsage("--stages needs --op real", "--op", "int8", "--stages", "2");
    assertWrongUsage("'ternary', there are real, binary", "--op", "ternary");
    assertWrongUsage("--rounds is 0, allowed: 1 to", "--rounds", "0");
    assertWrongUsage("--threads is -1, allowed: 1 to", "--threads", "-1");
    assertWrongUsage("above 1 can be measured at once, found [2, 4]", "--threads", "1,2,4");
  }

  private static void assertWrongUsage(String message, String... options) {
    List<Object> args = new ArrayList<>(List.of("bench", "layers"));
    args.addAll(List.of(options));
    CommandRun run = CommandRun.of(args.toArray());
    assertEquals(Main.WRONG_USAGE, run.code());
    assertTrue(run.err().contains(message), run.err());
    assertEquals("", run.out());
  }
}

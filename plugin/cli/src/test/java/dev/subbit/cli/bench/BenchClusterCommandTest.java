package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.tribuo.training.ClusterCost;
import dev.subbit.tribuo.training.ClusterCost.Round;
import dev.subbit.tribuo.training.ClusterCost.Took;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchClusterCommandTest {

  @TempDir Path folder;

  /** In a process of its own: a JVM can be in one cluster only. */
  @Test
  void twoProcessesOfThisMachineAreMeasured() throws Exception {
    Path json = folder.resolve("cluster.json");
    Path log = folder.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "dev.subbit.cli.Main",
                "bench",
                "cluster",
                "--network=resnet8",
                "--image=1x8x8",
                "--classes=3",
                "--images=2",
                "--rounds=2",
                "--json=" + json)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.start();
    assertTrue(process.waitFor(1, TimeUnit.MINUTES), () -> text(log));
    assertEquals(0, process.exitValue(), () -> text(log));
    assertTrue(text(log).contains("the exchange alone"), text(log));
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertEquals(2, report.get("processes").asInt());
    assertEquals(2, report.get("rounds").size());
    for (JsonNode round : report.get("rounds")) {
      assertEquals(3, round.size());
      for (JsonNode took : round) {
        assertTrue(took.get("seconds").asDouble() > 0, round.toString());
        // Counted in hundredths of a second.
        assertTrue(took.get("processorSeconds").asDouble() >= 0, round.toString());
      }
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void aRingIsModelledByWhatEachMachineSends() {
    Round round = new Round(new Took(0.448, 0.3), new Took(0.5, 0.4), new Took(0.05, 0.02));
    ClusterCost cost = new ClusterCost(10_000_000, List.of(round));
    ClusterReport report = new ClusterReport("net", 2, 7, cost, 10);
    // Of 320 Mbit each of 8 machines sends 7/8 twice.
    ClusterReport.Model model = report.model(8);
    assertEquals(0.056, model.exchangeSeconds(), 1e-12);
    assertEquals(0.448 / 0.504, model.efficiency(), 1e-12);
    assertEquals(8 * 7 / 0.504, model.imagesPerSecond(), 1e-9);
    String text = report.toString();
    assertTrue(text.contains("exchange in a step: 10.4 % (10.4 to 10.4)"), text);
    assertTrue(text.contains("of its processor time: 25.0 %"), text);
  }

  @Test
  void whatCannotBeMeasuredIsRefused() {
    assertRefused("--processes is 1; it must be at least 2", "--processes=1");
    assertRefused("--images is 2, fewer than --threads, 4", "--images=2", "--threads=4");
    assertRefused("There is no network 'resnet19'", "--network=resnet19");
  }

  private static void assertRefused(String message, String... options) {
    List<String> arguments = new ArrayList<>(List.of("bench", "cluster"));
    arguments.addAll(List.of(options));
    CommandRun run = CommandRun.of(arguments.toArray());
    assertTrue(run.code() != 0 && run.err().contains(message), run.err());
  }
}

package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.onnx.ExecutionBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchFpgaCommandTest {

  @TempDir Path folder;

  /** The simulation of whole networks takes minutes; docs/DEVICE.md has its figures. */
  @Test
  void countsTheCyclesOfANetworkInBothModes() throws IOException {
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "bench", "fpga", "--networks", "resnet18", "--backends", "emulator", "--json", json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    assertEquals(4, rows.size());
    assertRow(rows.get(0), "paper", "bnn", 9, 1, 1);
    // The paper's figure for ResNet-18 is 3.13; the improved element is to reach 5.
    assertRow(rows.get(1), "paper", "subbit", 5, 3.13, 3.14);
    assertRow(rows.get(2), "binary", "bnn", 9, 1, 1);
    assertRow(rows.get(3), "shared", "subbit", 5, 5, 6);
    assertTrue(run.out().contains("x bnn"), run.out());
  }

  @Test
  void countsTheCyclesOfTablesForBinaryActivations() throws IOException {
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "bench",
            "fpga",
            "--activations",
            "binary",
            "--networks",
            "resnet18",
            "--backends",
            "emulator",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    assertEquals(1, rows.size());
    // Beside the same array with two look-ups per kernel.
    assertRow(rows.get(0), "tables", "subbit", 5, 1.4, 2);
    assertTrue(rows.get(0).get("cycles").asLong() < 320_000, rows.toString());
  }

  @Test
  void runsWholeIntegerNetworksOnTheDevice() throws IOException {
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "bench", "fpga", "--whole", "--networks", "resnet20", "--batch", "3", "--json", json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    // The rows of an element end in one for all layers.
    JsonNode all = rows.get(rows.size() / 2 - 1);
    JsonNode allOfHalf = rows.get(rows.size() - 1);
    for (JsonNode row : List.of(all, allOfHalf)) {
      assertEquals("all", row.get("operator").asText());
      assertEquals(22, row.get("layers").asInt());
      assertEquals("emulator", row.get("backend").asText());
      assertEquals("modelled", row.get("kind").asText());
    }
    assertEquals("tables", all.get("element").asText());
    assertEquals("tables32", allOfHalf.get("element").asText());
    assertTrue(
        allOfHalf.get("cycles").asLong() > all.get("cycles").asLong(),
        "64 channels take a step or two");
    assertTrue(run.out().contains("modelled"), run.out());
    assertEquals(2, CommandRun.of("bench", "fpga", "--whole", "--batch", "0").code());
    assertEquals(2, CommandRun.of("bench", "fpga", "--whole", "--engines", "paper").code());
    assertEquals(2, CommandRun.of("bench", "fpga", "--whole", "--backends", "xdma").code());
  }

  @Test
  void runsAWholeIntegerNetworkOnTheSimulation() throws IOException {
    assumeTrue(
        ExecutionBackend.named("fpga").devices().stream()
            .anyMatch(device -> device.name().equals("rtl:tables32") && device.available()),
        "this build has no simulation");
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "bench",
            "fpga",
            "--whole",
            "--networks",
            "resnet20",
            "--engines",
            "tables32",
            "--backends",
            "emulator,rtl",
            "--batch",
            "1",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    JsonNode modelled = rows.get(rows.size() / 2 - 1);
    JsonNode simulated = rows.get(rows.size() - 1);
    assertEquals("modelled", modelled.get("kind").asText());
    assertEquals("rtl", simulated.get("backend").asText());
    assertEquals("simulated", simulated.get("kind").asText());
    double cycles = modelled.get("cycles").asDouble();
    assertEquals(cycles, simulated.get("cycles").asDouble(), 0.02 * cycles);
  }

  private static void assertRow(
      JsonNode row, String element, String mode, int tau, double least, double most) {
    assertEquals("resnet18", row.get("network").asText());
    assertEquals("emulator", row.get("backend").asText());
    assertEquals(element, row.get("element").asText());
    assertEquals(mode, row.get("mode").asText());
    assertEquals(tau, row.get("tau").asInt());
    assertTrue(row.get("cycles").asLong() > 0);
    double ratio = row.get("ratio_to_bnn").asDouble();
    assertTrue(least <= ratio && ratio <= most, row.toString());
  }

  @Test
  void wrongChoicesAreNamed() {
    assertRefused("--networks", "resnet99", "resnet18, resnet34, resnet20");
    assertRefused("--backends", "xdma", "emulator, rtl");
    assertRefused("--engines", "fast", "paper, shared");
    assertRefused("--engines", "tables", "paper, shared");
    assertRefused("--activations", "4-bit", "8-bit, binary");
    assertRefused("--tau", "7", "1 to 6");
  }

  private static void assertRefused(String option, String value, String allowed) {
    CommandRun run = CommandRun.of("bench", "fpga", option, value);
    assertEquals(2, run.code());
    assertTrue(run.err().contains(allowed), run.err());
  }
}

package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs a small demo: every part of it works, and its figures are as they should be. */
class DemoTest {

  private static final int TEST_IMAGES = 100;

  @TempDir static Path folder;
  private static Path data;
  private static Path out;
  private static JsonNode result;

  @BeforeAll
  static void runDemo() throws IOException {
    data = SmallDataSet.write(folder.resolve("data"), 320, TEST_IMAGES);
    out = folder.resolve("out");
    Path json = folder.resolve("demo.json");
    assertEquals(
        0,
        Main.execute(
            "demo",
            "--network",
            "resnet8",
            "--epochs",
            "1",
            "--data",
            data.toString(),
            "--out",
            out.toString(),
            "--json",
            json.toString()));
    result = new ObjectMapper().readTree(json.toFile());
    assertEquals(result, new ObjectMapper().readTree(out.resolve("demo.json").toFile()));
  }

  @Test
  void everyModelRunsOnItsBackends() {
    assertEquals(List.of("onnxruntime", "native", "fpga"), backends("binary"));
    assertEquals(List.of("onnxruntime", "native"), backends("real"));
    assertEquals(List.of("onnxruntime", "native", "fpga"), backends("int8"));
  }

  @Test
  void theIntegerGraphHasTheSameBitsEverywhere() {
    for (JsonNode run : model("int8").get("runs")) {
      assertTrue(run.get("sameBits").asBoolean(), run.toString());
      assertEquals(TEST_IMAGES, run.get("sameLabels").asInt(), run.toString());
    }
  }

  @Test
  void kernelsAgreeWithTheBodies() {
    for (String name : List.of("binary", "real")) {
      JsonNode kernels = model(name).get("runs").get(1);
      assertEquals(TEST_IMAGES, kernels.get("sameLabels").asInt(), kernels.toString());
    }
  }

  @Test
  void theDeviceCountsCycles() {
    for (String name : List.of("binary", "int8")) {
      JsonNode cycles = model(name).get("runs").get(2).get("cycles");
      assertEquals("modelled", cycles.get("kind").asText());
      assertTrue(
          cycles.get("perImage").asLong() > 0
              && cycles.get("perImage").asLong() < cycles.get("bnnPerImage").asLong(),
          cycles.toString());
    }
    assertFalse(model("real").get("runs").get(1).has("cycles"));
  }

  @Test
  void aWeightCostsWhatItShould() throws IOException {
    for (JsonNode model : result.get("models")) {
      assertEquals(5 / 9.0, model.get("bitsPerWeight").asDouble(), 1e-9);
      long bytes = Files.size(out.resolve(model.get("name").asText() + ".onnx"));
      assertEquals(bytes, model.get("fileBytes").asLong());
      assertTrue(bytes < model.get("oneBitFileBytes").asLong(), model.toString());
      assertTrue(
          model.get("oneBitFileBytes").asLong() < model.get("floatFileBytes").asLong(),
          model.toString());
    }
  }

  @Test
  void thePageIsWholeAndAsksTheNetworkForNothing() throws IOException {
    String page = Files.readString(out.resolve("demo.html"));
    assertTrue(page.endsWith("</html>\n"));
    assertTrue(page.contains("stage1.block0.conv1"));
    assertFalse(
        page.matches("(?s).*(src|href)=\"(?!data:|#).*"),
        "a reference to something outside the page");
  }

  @Test
  void theConfigurationTrainsTheSameModelAgain() throws IOException {
    Path again = folder.resolve("again.sbm");
    assertEquals(
        0,
        Main.execute(
            "train",
            out.resolve("demo.xml").toString(),
            "--trainer",
            "binary",
            "--out",
            again.toString()));
    Path demo = folder.resolve("demo-binary.onnx");
    Path trained = folder.resolve("again.onnx");
    export(out.resolve("binary.sbm"), demo);
    export(again, trained);
    // The files differ in the timestamps in their provenance.
    assertEquals(graph(demo), graph(trained));
  }

  @Test
  void savedModelsPredictTheSameOnEveryBackend() throws IOException {
    for (String backend : backends("int8")) {
      assertEquals(
          0,
          Main.execute(
              "predict",
              out.resolve("int8.sbm").toString(),
              "--data",
              data.toString(),
              "--backend",
              backend,
              "--output",
              folder.resolve(backend + ".txt").toString()));
      assertEquals(
          -1,
          Files.mismatch(folder.resolve("onnxruntime.txt"), folder.resolve(backend + ".txt")),
          backend);
    }
    assertEquals(TEST_IMAGES, Files.readAllLines(folder.resolve("fpga.txt")).size());
  }

  /** Compares three images; docs/RESULTS.md has 1,000 images and a larger network. */
  @Test
  void integerGraphsHaveTheSameBitsOnTheSimulatedHardware() throws IOException {
    Path json = folder.resolve("compared.json");
    assertEquals(
        0,
        Main.execute(
            "compare",
            out.resolve("int8.sbm").toString(),
            out.resolve("binary.sbm").toString(),
            "--data",
            data.toString(),
            "--limit",
            "3",
            "--backends",
            "onnxruntime,native,emulator,rtl:shared",
            "--json",
            json.toString()));
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    assertEquals(8, rows.size());
    for (JsonNode row : rows) {
      assertTrue(row.get("sameBits").asBoolean(), row.toString());
    }
    for (int last : new int[] {3, 7}) {
      assertEquals("rtl:shared", rows.get(last).get("backend").asText());
      assertEquals("simulated", rows.get(last).get("cycles").get("kind").asText());
      assertTrue(rows.get(last).get("cycles").get("perImage").asLong() > 0);
    }
  }

  @Test
  void anAbsentBoardIsAnError() {
    assertEquals(
        1,
        Main.execute(
            "predict",
            out.resolve("int8.sbm").toString(),
            "--data",
            data.toString(),
            "--backend",
            "fpga",
            "--fpga-backend",
            "xdma"));
  }

  private static GraphProto graph(Path onnx) throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(onnx)).getGraph();
  }

  private static void export(Path model, Path onnx) {
    assertEquals(0, Main.execute("export", model.toString(), onnx.toString()));
  }

  private static JsonNode model(String name) {
    for (JsonNode model : result.get("models")) {
      if (model.get("name").asText().equals(name)) {
        return model;
      }
    }
    throw new AssertionError("no model " + name);
  }

  private static List<String> backends(String model) {
    return model(model).get("runs").findValuesAsText("backend");
  }
}

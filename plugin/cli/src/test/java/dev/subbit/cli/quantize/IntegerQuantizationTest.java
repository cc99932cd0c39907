package dev.subbit.cli.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.cli.files.IdxFiles;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.data.Pictures;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code subbit quantize} with saved models of binary activations, and commands on the result. */
class IntegerQuantizationTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);

  @TempDir static Path shared;
  private static Path binary;
  private static Path real;
  private static Path data;

  @TempDir private Path folder;

  @BeforeAll
  static void writeModelsAndImages() throws IOException {
    binary = write("binary.sbm", Mode.SUB_BIT_BINARY);
    real = write("real.sbm", Mode.SUB_BIT);
    data = IdxFiles.write(shared.resolve("data"), 40, 12);
  }

  private static Path write(String name, Mode mode) throws IOException {
    Path file = shared.resolve(name);
    try (SubBitModel model =
        TestModels.model(
            TestModels.network(mode, "resnet8", SHAPE), TestModels.dataset(SHAPE, 12))) {
      model.serializeToFile(file);
    }
    return file;
  }

  private Path integer() {
    return folder.resolve("integer.sbm");
  }

  private CommandRun quantize(Path model, Object... options) {
    List<Object> command = new ArrayList<>(List.of("quantize", model, integer(), "--data", data));
    command.addAll(List.of(options));
    return CommandRun.of(command.toArray());
  }

  private static JsonNode read(Path json) throws IOException {
    return new ObjectMapper().readTree(json.toFile());
  }

  @Test
  void reportsFormAndAccuracies() throws IOException {
    Path json = folder.resolve("quantize.json");
    CommandRun run = quantize(binary, "--width", 12, "--json", json);
    assertEquals(0, run.code(), run.err());
    JsonNode report = read(json);
    assertEquals(12, report.get("width").asInt());
    int fractionBits = report.get("fractionBits").asInt();
    assertTrue(
        run.out().contains("values of 12 bits, " + fractionBits + " of them behind"), run.out());
    assertEquals(6, report.get("signLayers").asInt());
    // The stem, two shortcuts and the classifier.
    assertEquals(4, report.get("eightBitLayers").asInt());
    assertEquals(Files.size(integer()), report.get("bytes").asLong());
    assertFalse(report.has("tuned"));
    JsonNode accuracies = report.get("accuracies");
    assertEquals(2, accuracies.size());
    assertEquals("float", accuracies.get(0).get("form").asText());
    for (JsonNode accuracy : accuracies) {
      assertEquals(12, accuracy.get("images").asInt());
      assertEquals(accuracy.get("right").asInt() / 12.0, accuracy.get("accuracy").asDouble(), 1e-9);
    }
    assertTrue(run.out().contains("12-bit integers, F = " + fractionBits), run.out());
  }

  @Test
  void tuningAddsARowAndSaysWhetherItWasKept() throws IOException {
    Path json = folder.resolve("tune.json");
    CommandRun run =
        quantize(binary, "--tune", 1, "--tune-rate", 1e-30, "--threads", 1, "--json", json);
    assertEquals(0, run.code(), run.err());
    // At that rate nothing changes, so nothing becomes better.
    assertTrue(run.out().contains("Training made it no better"), run.out());
    JsonNode report = read(json);
    assertFalse(report.get("tuned").asBoolean());
    assertEquals(3, report.get("accuracies").size());
  }

  @Test
  void otherCommandsTakeTheResult() throws IOException {
    assertEquals(0, quantize(binary).code());
    Path json = folder.resolve("inspect.json");
    CommandRun inspect = CommandRun.of("inspect", integer(), "--json", json);
    assertEquals(0, inspect.code(), inspect.err());
    assertTrue(inspect.out().contains("binary activations, in integers"), inspect.out());
    JsonNode integers = read(json).get("integers");
    assertEquals(16, integers.get("width").asInt());
    assertTrue(
        inspect.out().contains("(F = " + integers.get("fractionBits").asInt() + ")"),
        inspect.out());
    JsonNode stem = integers.get("eightBitLayers").get(0);
    assertEquals("stem.conv", stem.get("name").asText());
    assertEquals(16 * 9, stem.get("weights").asInt());

    CommandRun compare =
        CommandRun.of("compare", integer(), "--data", data, "--backends", "onnxruntime,native");
    assertEquals(0, compare.code(), compare.err());

    for (List<Object> options : List.of(List.<Object>of(), List.<Object>of("--layers"))) {
      Path onnx = folder.resolve("integer.onnx");
      List<Object> export = new ArrayList<>(List.of("export", integer(), onnx));
      export.addAll(options);
      CommandRun written = CommandRun.of(export.toArray());
      assertEquals(0, written.code(), written.err());
      CommandRun exported = CommandRun.of("inspect", onnx, "--codebooks");
      assertEquals(0, exported.code(), exported.err());
      assertTrue(exported.out().contains("6 of them sub-bit convolutions"), exported.out());
    }
    CommandRun wrong = CommandRun.of("export", real, folder.resolve("real.onnx"), "--layers");
    assertEquals(1, wrong.code());
    assertTrue(wrong.err().contains("does not compute in integers"), wrong.err());
  }

  @Test
  void picturesServeAsWell() throws IOException {
    Path pictures = Pictures.folder(folder.resolve("photos"), 4);
    for (Path model : List.of(real, binary)) {
      CommandRun run = CommandRun.of("quantize", model, integer(), "--pictures", pictures);
      assertEquals(0, run.code(), run.err());
      assertTrue(run.out().contains(model == real ? "over 8 images" : "in integers"), run.out());
    }
    Files.delete(integer());
    CommandRun tuned =
        CommandRun.of("quantize", binary, integer(), "--pictures", pictures, "--tune", 1);
    assertEquals(1, tuned.code());
    assertTrue(tuned.err().contains("not named as a label of the model. To train on"), tuned.err());
    CommandRun both =
        CommandRun.of("quantize", real, integer(), "--pictures", pictures, "--data", data);
    assertEquals(2, both.code());
    assertTrue(both.err().contains("give --data DIR or --pictures DIR"), both.err());
    assertFalse(Files.exists(integer()));
  }

  @Test
  void saysWhatIsWrong() {
    assertRefused(1, "--width is for models with binary activations", real, "--width", 12);
    assertRefused(1, "integerWidth is 8, allowed are 9 to 16", binary, "--width", 8);
    assertRefused(1, "there is nothing to do", binary, "--float-activations");
  }

  private void assertRefused(int code, String part, Path model, Object... options) {
    CommandRun run = quantize(model, options);
    assertEquals(code, run.code(), run.err());
    assertTrue(run.err().contains(part), run.err());
    assertFalse(Files.exists(integer()));
  }
}

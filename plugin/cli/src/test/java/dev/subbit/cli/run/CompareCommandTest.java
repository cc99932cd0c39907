package dev.subbit.cli.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.cli.files.IdxFiles;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.evaluation.BackendRun;
import dev.subbit.tribuo.evaluation.ModelInputs;
import dev.subbit.tribuo.evaluation.Place;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/** {@code subbit compare}. DemoTest shows that trained networks agree on every device. */
class CompareCommandTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);
  private static final int IMAGES = 12;
  private static final float NEAR = Math.nextUp(0.5f);

  @TempDir static Path shared;
  private static Path model;
  private static Path data;
  private static ModelInputs inputs;
  private static ImmutableOutputInfo<Label> labels;

  @TempDir Path folder;

  @BeforeAll
  static void writeModelAndImages() throws IOException {
    model = shared.resolve("model.sbm");
    try (SubBitModel random =
        TestModels.model(
            TestModels.network(TestModels.Mode.SUB_BIT, "resnet8", SHAPE),
            TestModels.dataset(SHAPE, IMAGES))) {
      random.serializeToFile(model);
      labels = random.getOutputIDInfo();
      inputs = new ModelInputs(TestModels.dataset(SHAPE, 1), random.pixels());
    }
    data = IdxFiles.write(shared.resolve("data"), 8, IMAGES);
  }

  @Test
  void everyBackendHasARow() throws IOException {
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "compare",
            model,
            "--data",
            data,
            "--limit",
            5,
            "--backends",
            "onnxruntime,native",
            "--tolerance",
            "1e-4",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    assertEquals(List.of("onnxruntime", "native"), rows.findValuesAsText("backend"));
    assertEquals(List.of("5", "5"), rows.findValuesAsText("images"));
    assertEquals(List.of("5", "5"), rows.findValuesAsText("sameLabels"));
    assertTrue(run.out().contains("same bits as onnxruntime"), run.out());
  }

  @Test
  void runsSideBySideShareTheImages() throws IOException {
    double right = 0;
    for (int skip = 0; skip < 3 * IMAGES; skip += 7) {
      Path json = folder.resolve("rows.json");
      CommandRun run =
          CommandRun.of(
              "compare",
              model,
              "--data",
              data,
              "--skip",
              skip,
              "--limit",
              7,
              "--backends",
              "native",
              "--json",
              json);
      if (skip >= IMAGES) {
        assertEquals(1, run.code(), "there are no more images");
        break;
      }
      assertEquals(0, run.code(), run.err());
      JsonNode row = new ObjectMapper().readTree(json.toFile()).get(0);
      assertEquals(Math.min(7, IMAGES - skip), row.get("images").asInt());
      right += row.get("accuracy").asDouble() * row.get("images").asInt();
    }
    Path json = folder.resolve("all.json");
    CommandRun all =
        CommandRun.of("compare", model, "--data", data, "--backends", "native", "--json", json);
    assertEquals(0, all.code(), all.err());
    JsonNode row = new ObjectMapper().readTree(json.toFile()).get(0);
    assertEquals(row.get("accuracy").asDouble() * IMAGES, right, 1e-6);
    assertEquals(2, CommandRun.of("compare", model, "--data", data, "--skip", -1).code());
  }

  @Test
  void labelsThatTheModelDoesNotKnowGiveNoAccuracy() throws IOException {
    Path json = folder.resolve("rows.json");
    CommandRun run =
        CommandRun.of(
            "compare",
            model,
            "--data",
            data,
            "--backends",
            "onnxruntime",
            "--label-names",
            "boot,bag,shirt,coat,dress,shoe,sandal,skirt,hat,glove",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    assertTrue(new ObjectMapper().readTree(json.toFile()).get(0).get("accuracy").isNull());
    assertTrue(run.out().matches("(?s).*onnxruntime +- .*"), run.out());
  }

  @Test
  void everyLayerOfAnIntegerNetworkIsCompared() throws IOException {
    Path integers = folder.resolve("integer.sbm");
    try (SubBitModel random =
        TestModels.model(
            TestModels.network(TestModels.Mode.SUB_BIT_BINARY, "resnet8", SHAPE),
            TestModels.dataset(SHAPE, IMAGES))) {
      new SubBitQuantizer()
          .quantize(random, TestModels.dataset(SHAPE, IMAGES))
          .serializeToFile(integers);
    }
    Path json = folder.resolve("layers.json");
    CommandRun run = CommandRun.of("compare", integers, "--data", data, "--layers", "--json", json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    assertEquals(List.of("native", "emulator"), rows.findValuesAsText("backend"));
    assertEquals(List.of("0", "0"), rows.findValuesAsText("differing"));
    // stem, 6 blocks, 2 shortcuts, classifier
    assertEquals(List.of("10", "10"), rows.findValuesAsText("layers"));
    assertTrue(rows.get(0).get("values").asLong() > 0, rows.toString());

    CommandRun floats = CommandRun.of("compare", model, "--data", data, "--layers");
    assertEquals(1, floats.code());
    assertTrue(floats.err().contains("does not compute in integers"), floats.err());
  }

  @Test
  void oneBitIsADifference() {
    assertTrue(compared(0.5f, 0.5f).agrees(0));
    ComparedRun apart = compared(0.5f, NEAR);
    assertFalse(apart.sameBits());
    assertFalse(apart.agrees(0));
    assertFalse(compared(0f, -0f).agrees(0), "equal numbers, but not the same bits");
    assertEquals((double) NEAR - 0.5, apart.largestDifference());
  }

  @Test
  void aToleranceIsForTheLargestDifference() {
    assertTrue(compared(0.5f, NEAR).agrees(1e-4));
    assertFalse(compared(0.5f, 0.501f).agrees(1e-4));
    assertFalse(compared(0.5f, Float.NaN).agrees(1e-4));
  }

  private static ComparedRun compared(float expected, float found) {
    return ComparedRun.of(model, Place.named("native"), run(found), run(expected), inputs, labels);
  }

  /** One image, whose last output is given and whose others are 0. */
  private static BackendRun run(float last) {
    float[] outputs = new float[labels.size()];
    outputs[outputs.length - 1] = last;
    return new BackendRun(new float[][] {outputs}, 1, List.of());
  }

  @Test
  void wrongChoicesAreNamed() {
    CommandRun unknown =
        CommandRun.of("compare", model, "--data", data, "--backends", "native,abacus");
    assertEquals(1, unknown.code());
    assertTrue(
        unknown.err().contains("'abacus'") && unknown.err().contains("onnxruntime"), unknown.err());
    CommandRun absent = CommandRun.of("compare", model, "--data", data, "--backends", "xdma");
    assertEquals(1, absent.code());
    assertTrue(absent.err().contains("/dev/xdma"), absent.err());
    assertEquals(2, CommandRun.of("compare", model, "--data", data, "--tolerance", "-1").code());
    assertEquals(2, CommandRun.of("compare", model).code());
  }
}

package dev.subbit.cli.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.data.Pictures;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code subbit predict MODEL PICTURE}: what it prints, what it writes, how it fails. */
class PredictPicturesTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);

  @TempDir static Path shared;
  private static Path saved;
  private static Path exported;
  private static Path pictures;

  @TempDir Path folder;

  @BeforeAll
  static void writeModelsAndPictures() throws IOException {
    saved = shared.resolve("model.sbm");
    exported = shared.resolve("model.onnx");
    try (SubBitModel model =
        TestModels.model(
            TestModels.network(TestModels.Mode.SUB_BIT_BINARY, "resnet8", SHAPE),
            TestModels.dataset(SHAPE, 8))) {
      model.serializeToFile(saved);
      model.saveONNXModel("test", 1, exported);
    }
    pictures = Pictures.folder(shared.resolve("pictures"), 2);
  }

  @Test
  void onePictureGetsItsBestLabels() {
    CommandRun run = CommandRun.of("predict", saved, pictures.resolve("dark/image_0.png"));
    assertEquals(0, run.code(), run.err());
    // Header, rule, and the four classes that there are.
    assertEquals(6, run.out().lines().count(), run.out());
    assertTrue(run.out().contains("image_0.png") && run.out().contains(" %"), run.out());
  }

  @Test
  void savedAndExportedModelsSayTheSameOfAFolder() throws IOException {
    for (Path model : List.of(saved, exported)) {
      CommandRun run =
          CommandRun.of(
              "predict",
              model,
              pictures,
              "--top",
              2,
              "--output",
              folder.resolve(model.getFileName() + ".tsv"),
              "--json",
              folder.resolve(model.getFileName() + ".json"));
      assertEquals(0, run.code(), run.err());
    }
    List<String> lines = Files.readAllLines(folder.resolve("model.sbm.tsv"));
    assertEquals(lines, Files.readAllLines(folder.resolve("model.onnx.tsv")));
    assertEquals(2 * 4, lines.size());
    for (String line : lines) {
      String[] columns = line.split("\t");
      assertTrue(Files.isRegularFile(Path.of(columns[0])), line);
      assertTrue(List.of("0", "1", "2", "3").contains(columns[1]), line);
      double probability = Double.parseDouble(columns[2]);
      assertTrue(probability >= 0 && probability <= 1, line);
    }
    JsonNode answers = new ObjectMapper().readTree(folder.resolve("model.onnx.json").toFile());
    assertEquals(4, answers.get("pictures").size());
    JsonNode first = answers.get("pictures").get(0);
    assertEquals(lines.get(0).split("\t")[0], first.get("file").asText());
    assertEquals(lines.get(0).split("\t")[1], first.get("labels").get(0).get("label").asText());
  }

  @Test
  void severalPicturesGetTheBestLabelEach() {
    CommandRun run =
        CommandRun.of(
            "predict",
            saved,
            pictures.resolve("dark/image_0.png"),
            pictures.resolve("bright/image_0.png"));
    assertEquals(0, run.code(), run.err());
    assertEquals(4, run.out().lines().count(), run.out());
  }

  @Test
  void lightAndDarkChangePlacesOnRequest() throws IOException {
    String asItIs = answers("never");
    assertNotEquals(asItIs, answers("always"));
    // The border of a bright picture is light.
    assertEquals(answers("always"), answers("auto"));
  }

  private String answers(String invert) throws IOException {
    Path lines = folder.resolve(invert + ".tsv");
    Path bright = pictures.resolve("bright/image_0.png");
    CommandRun run = CommandRun.of("predict", saved, bright, "--invert", invert, "--output", lines);
    assertEquals(0, run.code(), run.err());
    return Files.readString(lines);
  }

  @Test
  void whatCannotBeReadIsNamedAndNothingIsWritten() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.png"), "no picture");
    Path lines = folder.resolve("answers.tsv");
    for (Path place : List.of(text, folder.resolve("none.jpg"))) {
      CommandRun run =
          CommandRun.of("predict", saved, pictures.resolve("dark"), place, "--output", lines);
      assertEquals(1, run.code());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains(place.toString()), run.err());
      assertFalse(Files.exists(lines));
      assertEquals("", run.out());
    }
  }

  @Test
  void aModelOfAnotherMakerMustSayHowPicturesAreClassified() throws IOException {
    Path silent = folder.resolve("silent.onnx");
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(exported));
    Files.write(silent, model.toBuilder().clearMetadataProps().build().toByteArray());
    CommandRun run = CommandRun.of("predict", silent, pictures);
    assertEquals(1, run.code());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(silent.toString()), run.err());
    assertTrue(run.err().contains("lacks subbit.labels"), run.err());
  }

  @Test
  void picturesAndLabelledImagesExcludeEachOther() {
    assertWrongUsage("exclude", "predict", saved, pictures, "--data", folder);
    assertWrongUsage("nothing to predict", "predict", saved);
    assertWrongUsage("--top", "predict", saved, pictures, "--top", 0);
    assertWrongUsage("for pictures", "predict", saved, "--data", folder, "--top", 2);
  }

  private static void assertWrongUsage(String part, Object... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertEquals(2, run.code(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }
}

package dev.subbit.tribuo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.data.ImageDataset;
import dev.subbit.tribuo.data.ImageFolderSource;
import dev.subbit.tribuo.data.Inversion;
import dev.subbit.tribuo.data.PicturePreparation;
import dev.subbit.tribuo.data.Pictures;
import dev.subbit.tribuo.export.ModelMetadata;
import dev.subbit.tribuo.network.ImageShape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Example;
import org.tribuo.Model;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/** Pictures in, answers out: from a saved model and from an exported one. */
class PictureClassificationTest {

  private static final ImageShape SHAPE = TinyModels.SHAPE;

  @TempDir Path folder;

  private Path picture;

  @BeforeEach
  void drawPicture() throws IOException {
    BufferedImage image = new BufferedImage(23, 31, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 31; y++) {
      for (int x = 0; x < 23; x++) {
        image.setRGB(x, y, (x * 11 % 256) << 16 | (y * 7 % 256) << 8 | (x * y % 256));
      }
    }
    picture = Pictures.write(folder.resolve("class").resolve("picture.png"), image);
  }

  @Test
  void aFileAStreamAndAPictureInMemoryGiveTheSame() throws IOException {
    try (SubBitModel model = TinyModels.network();
        InputStream stream = Files.newInputStream(picture)) {
      Prediction<Label> fromFile = model.classify(picture);
      assertEquals(TestModels.CLASSES, fromFile.getOutputScores().size());
      assertScores(model, fromFile, model.classify(stream));
      assertScores(model, fromFile, model.classify(ImageIO.read(picture.toFile())));
    }
  }

  @Test
  void aPictureIsMadeTheImageThatItIsInTraining() throws IOException {
    for (int shorterSide : List.of(0, 9)) {
      ImageFolderSource source = new ImageFolderSource(folder, SHAPE, shorterSide);
      PicturePreparation preparation = new ImageDataset(source).preparation();
      Example<Label> trained = source.iterator().next();
      Example<Label> predicted = preparation.example(picture);
      try (SubBitModel model = TinyModels.network().withPreparation(preparation)) {
        assertScores(model, model.predict(trained), model.classify(picture));
        float[] expected = new float[SHAPE.size()];
        float[] actual = new float[SHAPE.size()];
        model.pixels().fill(trained, expected, 0);
        model.pixels().fill(predicted, actual, 0);
        assertArrayEquals(expected, actual);
      }
    }
  }

  @Test
  void aModelKeepsItsPreparation() throws IOException {
    PicturePreparation preparation = new PicturePreparation(SHAPE, 17, Inversion.AUTO);
    Path file = folder.resolve("model.sbm");
    try (SubBitModel model = TinyModels.network().withPreparation(preparation)) {
      model.serializeToFile(file);
    }
    try (SubBitModel stored = (SubBitModel) Model.deserializeFromFile(file);
        SubBitModel elsewhere = stored.withBackend("onnxruntime", Map.of());
        OnnxClassifier exported = new OnnxClassifier(stored.exportONNXModel("test", 1))) {
      assertEquals(preparation, stored.preparation());
      assertEquals(preparation, elsewhere.preparation());
      assertEquals(preparation, exported.preparation());
    }
  }

  @Test
  void theExportedModelNeedsNothingElse() throws IOException {
    Path file = folder.resolve("model.onnx");
    PicturePreparation preparation = new PicturePreparation(SHAPE, 8, Inversion.ALWAYS);
    try (SubBitModel model = TinyModels.binary().withPreparation(preparation)) {
      model.saveONNXModel("test", 1, file);
      try (OnnxClassifier exported = OnnxClassifier.read(file);
          OnnxClassifier bodies = exported.withBackend("onnxruntime", Map.of())) {
        assertEquals(List.of("0", "1", "2", "3"), exported.labels().stream().sorted().toList());
        assertScores(model, model.classify(picture), exported.classify(picture));
        assertScores(model, model.classify(picture), bodies.classify(picture));
      }
    }
  }

  @Test
  void lightAndDarkChangePlacesWhereTheModelWantsIt() throws IOException {
    Path light = Pictures.write(folder.resolve("light.png"), 40, 40, 0xF0F0F0);
    Path dark = Pictures.write(folder.resolve("dark.png"), 40, 40, 0x0F0F0F);
    assertEquals(Set.of(240f), values(Inversion.NEVER, light));
    assertEquals(Set.of(15f), values(Inversion.ALWAYS, light));
    assertEquals(Set.of(15f), values(Inversion.AUTO, light));
    assertEquals(Set.of(15f), values(Inversion.AUTO, dark));
    assertEquals(Set.of(240f), values(Inversion.ALWAYS, dark));
  }

  private static Set<Float> values(Inversion inversion, Path picture) throws IOException {
    Set<Float> values = new HashSet<>();
    PicturePreparation.of(SHAPE)
        .with(inversion)
        .example(picture)
        .forEach(feature -> values.add((float) feature.getValue()));
    return values;
  }

  @Test
  void aPreparationMustFitTheNetwork() {
    PicturePreparation other = PicturePreparation.of(new ImageShape(3, 6, 5));
    try (SubBitModel model = TinyModels.network()) {
      assertThrows(IllegalArgumentException.class, () -> model.withPreparation(other));
    }
    IllegalArgumentException tooShort =
        assertThrows(
            IllegalArgumentException.class,
            () -> new PicturePreparation(SHAPE, 5, Inversion.NEVER));
    assertTrue(tooShort.getMessage().contains("longer side, 6"), tooShort.getMessage());
  }

  @Test
  void whatIsNoPictureIsNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.png"), "no picture");
    try (SubBitModel model = TinyModels.network()) {
      IOException thrown = assertThrows(IOException.class, () -> model.classify(text));
      assertTrue(thrown.getMessage().contains(text.toString()), thrown.getMessage());
      IOException missing =
          assertThrows(IOException.class, () -> model.classify(folder.resolve("none.png")));
      assertTrue(missing.getMessage().contains("none.png"), missing.getMessage());
    }
  }

  @Test
  void aModelWithoutMetadataSaysWhatIsMissing() {
    ModelProto silent;
    try (SubBitModel model = TinyModels.network()) {
      silent = model.exportONNXModel("test", 1).toBuilder().clearMetadataProps().build();
    }
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> new OnnxClassifier(silent));
    for (String name :
        List.of(
            ModelMetadata.LABELS,
            ModelMetadata.CHANNELS,
            ModelMetadata.HEIGHT,
            ModelMetadata.WIDTH,
            "set_model_props")) {
      assertTrue(thrown.getMessage().contains(name), thrown.getMessage());
    }
  }

  @Test
  void metadataThatDoNotFitTheGraphAreRefused() {
    ModelProto.Builder model;
    try (SubBitModel tiny = TinyModels.network()) {
      model = tiny.exportONNXModel("test", 1).toBuilder().clearMetadataProps();
    }
    ImageShape larger = new ImageShape(1, 9, 9);
    int[] positions = IntStream.range(0, larger.size()).toArray();
    ModelMetadata.of(List.of("a", "b", "c", "d"), PicturePreparation.of(larger), positions)
        .writeTo(model);
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> new OnnxClassifier(model.build()));
    assertTrue(thrown.getMessage().contains("1x9x9"), thrown.getMessage());
  }

  private static void assertScores(
      SubBitModel model, Prediction<Label> expected, Prediction<Label> actual) {
    assertArrayEquals(TestModels.scores(model, expected), TestModels.scores(model, actual), 1e-5);
    assertEquals(expected.getOutput().getLabel(), actual.getOutput().getLabel());
  }
}

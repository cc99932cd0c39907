package dev.subbit.tribuo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.data.ImageDataset;
import dev.subbit.tribuo.data.ImageFolderSource;
import dev.subbit.tribuo.data.Pictures;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tribuo.Model;
import org.tribuo.classification.baseline.DummyClassifierTrainer;
import org.tribuo.provenance.ModelProvenance;

/** A model does not tell whose machine it was made on, unless that is asked for. */
class PortableProvenanceTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);

  @TempDir Path disk;

  @Test
  void storedAndExportedFormsNameNoPlace() throws IOException {
    try (SubBitModel model = model();
        SubBitModel full = model.withFullProvenance()) {
      for (String bytes : List.of(saved(model), exported(model))) {
        assertFalse(bytes.contains("zaphod"), "the user's name");
        assertFalse(bytes.contains(disk.toString()), "an absolute path");
        String here = Path.of("").toAbsolutePath().toString();
        assertFalse(bytes.contains(here), "the folder that the program runs in");
        assertTrue(bytes.contains("pets of mine"), "the folder's own name is kept");
      }
      for (String bytes : List.of(saved(full), exported(full))) {
        assertTrue(bytes.contains(disk.resolve("home/zaphod").toString()), "asked for");
      }
    }
  }

  @Test
  void aModelThatWasStoredWithPlacesIsExportedWithoutThem() throws IOException {
    Path file = disk.resolve("model.sbm");
    try (SubBitModel model = model();
        SubBitModel full = model.withFullProvenance()) {
      full.serializeToFile(file);
    }
    try (SubBitModel stored = (SubBitModel) Model.deserializeFromFile(file)) {
      assertTrue(stored.getProvenance().toString().contains("zaphod"));
      assertFalse(exported(stored).contains("zaphod"));
      assertFalse(saved(stored).contains("zaphod"));
    }
  }

  @Test
  void allElseStays() throws IOException {
    try (SubBitModel model = model()) {
      ModelProvenance portable = PortableProvenance.of(model.getProvenance());
      assertEquals(model.getProvenance().getTrainingTime(), portable.getTrainingTime());
      assertEquals(model.getProvenance().getTrainerProvenance(), portable.getTrainerProvenance());
      assertEquals(
          model.getProvenance().getDatasetProvenance().getNumExamples(),
          portable.getDatasetProvenance().getNumExamples());
      assertEquals(portable, PortableProvenance.of(portable), "nothing is left to shorten");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/home/zaphod/photos/train.gz, train.gz",
    "/home/zaphod/my photos/, my photos",
    "file:/home/zaphod/train.gz, file:train.gz",
    "file:///home/zaphod/train.gz, file:train.gz",
    "C:\\Users\\zaphod\\train.gz, train.gz",
    "C:/Users/zaphod/train.gz, train.gz",
    "\\\\server\\zaphod\\train.gz, train.gz",
    "~/photos/train.gz, train.gz",
    "CSV:/home/zaphod/train.csv, CSV:train.csv",
    "read from /home/zaphod/train.csv, read from train.csv",
    "photos/train.gz, photos/train.gz",
    "../photos/train.gz, ../photos/train.gz",
    "T-shirt/top, T-shirt/top",
    "a / b, a / b",
    "1/255, 1/255",
    "https://example.com/train.gz, https://example.com/train.gz",
    "2026-11-23T00:00:00Z, 2026-11-23T00:00:00Z"
  })
  void onlyTheLastNameOfAnAbsolutePathIsKept(String text, String expected) {
    assertEquals(expected, PortableProvenance.withoutPlaces(text));
  }

  private SubBitModel model() throws IOException {
    Path folder = disk.resolve("home/zaphod/pets of mine");
    for (String animal : List.of("cat", "dog", "hare", "mouse")) {
      Pictures.write(folder.resolve(animal).resolve("one.png"), 9, 9, 0xFFFFFF);
    }
    ImageDataset images = new ImageDataset(new ImageFolderSource(folder, SHAPE, 0));
    return new SubBitModel(
        "pets",
        new ModelProvenance(
            SubBitModel.class.getName(),
            OffsetDateTime.parse("2026-11-23T00:00:00Z"),
            images.getProvenance(),
            DummyClassifierTrainer.createMostFrequentTrainer().getProvenance()),
        images.getFeatureIDMap(),
        images.getOutputIDInfo(),
        TestModels.network(TestModels.Mode.SUB_BIT, "resnet8", SHAPE));
  }

  private static String saved(SubBitModel model) {
    return new String(model.serialize().toByteArray(), StandardCharsets.ISO_8859_1);
  }

  private static String exported(SubBitModel model) {
    return new String(model.exportONNXModel("test", 1).toByteArray(), StandardCharsets.ISO_8859_1);
  }
}

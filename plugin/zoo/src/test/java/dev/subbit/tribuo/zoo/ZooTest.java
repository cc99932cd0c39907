package dev.subbit.tribuo.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.data.Inversion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/** The models of the zoo are what its list says. */
class ZooTest {

  private static final Path HOUSE = Path.of("../..");
  private static final Path IMAGES = HOUSE.resolve("integration-tests/data/fashion-mnist");
  private static final int LOOKED_AT = 500;

  private static final List<String> LABELS =
      List.of(
          "T-shirt/top",
          "trouser",
          "pullover",
          "dress",
          "coat",
          "sandal",
          "shirt",
          "sneaker",
          "bag",
          "ankle boot");

  static List<ZooModel> models() {
    return Zoo.models();
  }

  /**
   * The bundled test images are 2,000 of the 10,000 that accuracies are of. On 500 of them, an
   * accuracy has a standard error of 1.3 points.
   */
  @ParameterizedTest
  @MethodSource("models")
  void aModelIsAsGoodAsTheListSays(ZooModel entry) throws IOException {
    IdxImageSource images =
        new IdxImageSource(
            IMAGES.resolve("t10k-images-idx3-ubyte.gz"),
            IMAGES.resolve("t10k-labels-idx1-ubyte.gz"),
            LABELS,
            LOOKED_AT);
    try (SubBitModel model = entry.load()) {
      List<Example<Label>> examples = new ArrayList<>();
      images.forEach(examples::add);
      long right = model.predict(examples).stream().filter(ZooTest::isRight).count();
      assertEquals(entry.accuracy(), (double) right / LOOKED_AT, 0.04, entry.name());
      assertEquals(entry.tau() / 9.0, model.network().storedSize().indexBitsPerWeight(), 1e-9);
      assertEquals(Inversion.AUTO, model.preparation().inversion());
    }
  }

  private static boolean isRight(Prediction<Label> prediction) {
    return prediction.getOutput().getLabel().equals(prediction.getExample().getOutput().getLabel());
  }

  @ParameterizedTest
  @MethodSource("models")
  void aModelTellsHowItWasMadeButNotOnWhoseMachine(ZooModel entry) throws IOException {
    try (SubBitModel model = entry.load();
        InputStream stored = entry.open()) {
      String provenance = model.getProvenance().toString();
      assertTrue(provenance.contains("train-images-idx3-ubyte.gz"), provenance);
      String bytes = new String(stored.readAllBytes(), StandardCharsets.ISO_8859_1);
      for (String place : List.of("/usr/", "/home/", "/root", "/tmp/", "/work/")) {
        assertFalse(bytes.contains(place), entry.name() + " names " + place);
      }
    }
  }

  @Test
  void documentsListAllModelsWithTheirAccuraciesAndCommands() throws IOException {
    String page = Files.readString(HOUSE.resolve("docs/ZOO.md"));
    for (ZooModel entry : Zoo.models()) {
      String row =
          page.lines()
              .filter(line -> line.startsWith("| `" + entry.name() + "` |"))
              .findFirst()
              .orElseThrow(() -> new AssertionError("docs/ZOO.md has no row of " + entry.name()));
      String accuracy = String.format(Locale.ROOT, "%.2f %%", 100 * entry.accuracy());
      assertTrue(row.contains("| " + accuracy + " |"), row + " should say " + accuracy);
      entry.commands().forEach(command -> assertTrue(page.contains(command), command));
    }
  }

  @Test
  void everyModelIsListed() throws IOException {
    Set<String> files = new TreeSet<>();
    try (var folder = Files.list(Path.of("src/main/resources/dev/subbit/tribuo/zoo"))) {
      folder
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".sbm"))
          .forEach(name -> files.add(name.replace(".sbm", "")));
    }
    Set<String> listed = new TreeSet<>();
    Zoo.models().forEach(entry -> listed.add(entry.name()));
    assertEquals(files, listed);
  }

  @Test
  void anUnknownNameBringsTheListOfNames() {
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> Zoo.load("cats"));
    assertTrue(thrown.getMessage().contains("fashion-mnist-real-tau5"), thrown.getMessage());
  }
}

package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.CommandRun;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.Pictures;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Model;

/**
 * {@code subbit train --pictures}: from a folder of pictures to a model, without a configuration.
 */
class PictureTrainingTest {

  private static final String[] QUICK = {
    "--network", "resnet8", "--set", "trainer.epochs=2", "--set", "trainer.threads=1"
  };

  @TempDir Path folder;

  private CommandRun train(Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("train"));
    all.addAll(Arrays.asList(arguments));
    all.addAll(Arrays.asList(QUICK));
    return CommandRun.of(all.toArray());
  }

  @Test
  void theModelKnowsItsClassesAndTakesPictures() throws IOException {
    Path pictures = Pictures.folder(folder.resolve("pets & <friends>"), 12);
    Path model = folder.resolve("pets.sbm");
    CommandRun run = train("--pictures", pictures, "--image", "1x8x8", "--out", model);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Best on the images held out: epoch "), run.out());

    CommandRun predicted =
        CommandRun.of("predict", model, pictures.resolve("dark/image_0.png"), "--top", 1);
    assertEquals(0, predicted.code(), predicted.err());
    assertTrue(predicted.out().matches("(?s).*(dark|bright) .*"), predicted.out());
    try (SubBitModel trained = (SubBitModel) Model.deserializeFromFile(model)) {
      assertEquals(new ImageShape(1, 8, 8), trained.preparation().shape());
      assertFalse(trained.getProvenance().toString().contains(folder.toString()), "names no place");
    }
  }

  @Test
  void thePrintedConfigurationTrainsTheSame() throws IOException {
    Path pictures = Pictures.folder(folder.resolve("pictures"), 12);
    Path model = folder.resolve("one.sbm");
    CommandRun run = train("--pictures", pictures, "--image", "1x8x8", "--out", model);
    assertEquals(0, run.code(), run.err());
    int end = run.out().indexOf("</config>") + "</config>".length();
    Path config = Files.writeString(folder.resolve("same.xml"), run.out().substring(0, end));
    Path same = folder.resolve("two.sbm");
    CommandRun again =
        CommandRun.of(
            "train",
            config,
            "--out",
            same,
            "--set",
            "trainer.epochs=2",
            "--set",
            "trainer.threads=1");
    assertEquals(0, again.code(), again.err());
    try (SubBitModel first = (SubBitModel) Model.deserializeFromFile(model);
        SubBitModel second = (SubBitModel) Model.deserializeFromFile(same)) {
      assertEquals(first.network().floats().keySet(), second.network().floats().keySet());
      first
          .network()
          .floats()
          .forEach(
              (name, values) -> assertArrayEquals(values, second.network().floats().get(name)));
    }
  }

  @Test
  void foldersForTrainingAndTestsAreFound() throws IOException {
    Pictures.folder(folder.resolve("data/train"), 6);
    Pictures.folder(folder.resolve("data/val"), 2);
    CommandRun run =
        train(
            "--pictures",
            folder.resolve("data"),
            "--size",
            "8",
            "--out",
            folder.resolve("model.sbm"));
    assertEquals(0, run.code(), run.err());
    String shape = "<item>3</item><item>8</item><item>8</item>";
    assertTrue(run.out().contains(shape), "one number is the side of a coloured square");
    assertTrue(run.out().contains("% of 4 images"), run.out());
    assertFalse(run.out().contains("validationShare"), run.out());
  }

  @Test
  void badInputIsNamed() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    assertFails(1, empty.toString(), "train", "--pictures", empty);
    assertFails(1, "resnet20", "train", "--pictures", empty, "--network", "resnet21");
    assertFails(2, "3x224x224", "train", "--pictures", empty, "--image", "32x32");
    assertFails(2, "--pictures", "train");
    assertFails(2, "exclude", "train", "config.xml", "--pictures", empty);
  }

  private static void assertFails(int code, String part, Object... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertEquals(code, run.code(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }
}

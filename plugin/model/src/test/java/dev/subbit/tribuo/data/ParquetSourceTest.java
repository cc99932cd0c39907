package dev.subbit.tribuo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tribuo.Example;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

/** Tables that other software wrote; {@code make.py} beside them says how. */
class ParquetSourceTest {

  private static final ImageShape GREY = new ImageShape(1, 8, 8);
  private static final int ROWS = 24;

  @TempDir private Path folder;

  static Path table(String name) {
    try {
      return Path.of(ParquetSourceTest.class.getResource("/parquet/" + name + ".parquet").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ParquetSource source(Path tables, String picture) throws IOException {
    return new ParquetSource(tables, picture, "label", GREY, 0, null, null);
  }

  /** Labels and first values. */
  private static List<String> contents(ParquetSource source) {
    List<String> contents = new ArrayList<>();
    for (Example<Label> example : source) {
      int grey = (int) example.iterator().next().getValue();
      contents.add(example.getOutput().getLabel() + " " + grey);
    }
    return contents;
  }

  private static List<String> expected(boolean texts) {
    List<String> expected = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      int grey = 10 * (row % 4);
      expected.add((texts ? "grey " + grey : "" + grey / 10) + " " + grey);
    }
    return expected;
  }

  @ParameterizedTest
  @CsvSource({
    "defaults, image, false",
    "plain, image, false",
    "structure, image.bytes, true",
    "gzip, image, false",
    "lz4, image, false"
  })
  void picturesAndLabelsOfEveryRowAreFound(String name, String picture, boolean texts)
      throws IOException {
    ParquetSource source = source(table(name), picture);
    assertEquals(expected(texts), contents(source));
    assertEquals(ROWS, new ImageDataset(source).size());
    String second = source.found().images().get(1).name();
    assertTrue(second.startsWith("1:"), second);
    Iterator<Example<Label>> images = source.iterator();
    images.next();
    String described = images.next().toString();
    assertTrue(described.contains("Row 1 of " + table(name)), described);
  }

  @Test
  void tablesOfAFolderFollowOneAnotherAndClassesMayHaveNames() throws IOException {
    Files.copy(table("plain"), folder.resolve("a.parquet"));
    Files.copy(table("defaults"), folder.resolve("b.parquet"));
    Path names = Files.write(folder.resolve("names.txt"), List.of("zero", "one", "two", "three"));
    ParquetSource source =
        new ParquetSource(folder, "image", "label", GREY, 0, names, folder.resolve("index"));
    assertEquals(2 * ROWS, source.size());
    assertEquals("one", source.found().labels().get(1));

    Helpers.testProvenanceMarshalling(source.getProvenance());
    ConfigurationManager manager = new ConfigurationManager();
    manager.addConfiguration(ProvenanceUtil.extractConfiguration(source.getProvenance()));
    ParquetSource rebuilt = manager.lookupAll(ParquetSource.class).get(0);
    Iterator<Example<Label>> images = rebuilt.iterator();
    source.forEach(example -> assertEquals(example, images.next()));
    assertFalse(images.hasNext());
  }

  @Test
  void anIndexIsUsedUntilATableIsAdded() throws IOException {
    Path index = folder.resolve("tables.index");
    Files.copy(table("plain"), folder.resolve("a.parquet"));
    new ParquetSource(folder, "image", "label", GREY, 0, null, index);
    byte[] stored = Files.readAllBytes(index);
    ParquetSource again = new ParquetSource(folder, "image", "label", GREY, 0, null, index);
    assertEquals(expected(false), contents(again));
    assertTrue(Arrays.equals(stored, Files.readAllBytes(index)));
    Files.copy(table("defaults"), folder.resolve("b.parquet"));
    assertEquals(
        2 * ROWS, new ParquetSource(folder, "image", "label", GREY, 0, null, index).size());
  }

  @ParameterizedTest
  @CsvSource({
    "no-label, image, row 3 has no label in column 'label'",
    "lists, image.list.element, 'column ''image.list.element'' has lists'",
    "lists, image, it has no column 'image'",
    "defaults, picture, 'it has no column ''picture'', but [image, label]'",
    "structure, image, 'it has no column ''image'', but [image.bytes, image.path, label]'"
  })
  void aTableThatDoesNotFitIsNamed(String name, String picture, String message) {
    IOException e = assertThrows(IOException.class, () -> source(table(name), picture));
    assertTrue(
        e.getMessage().startsWith(table(name) + " cannot be used as a table: "), e.getMessage());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "no-picture, 3, 'has no picture: column ''image'' is null'",
    "delta, 0, values as DELTA_LENGTH_BYTE_ARRAY are not read; write the column as PLAIN"
  })
  void aPictureThatCannotBeReadIsNamed(String name, int row, String message) throws IOException {
    ParquetSource source = source(table(name), "image");
    IOException e =
        assertThrows(IOException.class, () -> source.read(source.found().images().get(row), null));
    assertTrue(e.getMessage().startsWith("Row " + row + " of " + table(name)), e.getMessage());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void compressionThatIsNotReadIsNamed() {
    IOException e = assertThrows(IOException.class, () -> source(table("brotli"), "image"));
    assertTrue(e.getMessage().contains("its compression, BROTLI, is not read"), e.getMessage());
  }

  @Test
  void filesThatAreNoTablesAreNamed() throws IOException {
    IOException e = assertThrows(IOException.class, () -> source(folder, "image"));
    assertTrue(e.getMessage().contains("looked for are files ending in .parquet"), e.getMessage());
    for (String text : List.of("", "no table ".repeat(20))) {
      Path file = Files.writeString(folder.resolve("a.parquet"), text);
      e = assertThrows(IOException.class, () -> source(folder, "image"));
      assertTrue(
          e.getMessage().startsWith(file + " cannot be used as a table: it "), e.getMessage());
    }
  }

  /** Damage gives an error, or goes unnoticed; nothing else. */
  @ParameterizedTest
  @CsvSource({"defaults, image", "structure, image.bytes", "lz4, image", "gzip, image"})
  void damagedTablesGiveErrors(String name, String picture) throws IOException {
    byte[] whole = Files.readAllBytes(table(name));
    SplittableRandom random = new SplittableRandom(1);
    int refused = 0;
    for (int i = 0; i < 90; i++) {
      byte[] damaged = whole.clone();
      if (i % 3 == 0) {
        damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
      } else {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
      }
      Path file = Files.write(folder.resolve("a.parquet"), damaged);
      try {
        for (Example<Label> example : source(file, picture)) {
          example.iterator();
        }
      } catch (IOException | UncheckedIOException e) {
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
        refused++;
      }
    }
    assertTrue(refused > 45, "refused only " + refused);
  }
}

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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Example;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

class TarShardSourceTest {

  private static final ImageShape GREY = new ImageShape(1, 8, 8);

  @TempDir private Path folder;

  /** Writes a shard with files by name. */
  private Path shard(String name, Map<String, byte[]> files) throws IOException {
    Path shard = folder.resolve(name);
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(shard))) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        TarArchiveEntry entry = new TarArchiveEntry(file.getKey());
        entry.setSize(file.getValue().length);
        tar.putArchiveEntry(entry);
        tar.write(file.getValue());
        tar.closeArchiveEntry();
      }
    }
    return shard;
  }

  private byte[] picture(int grey) throws IOException {
    Path file = Pictures.write(folder.resolve("picture").resolve("one.png"), 9, 8, grey * 0x010101);
    return Files.readAllBytes(file);
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Two shards of labelled pictures, whose grey is the label's number. */
  private void shards() throws IOException {
    shard(
        "b-1.tar",
        new TreeMap<>(Map.of("c.png", picture(30), "c.cls", text("30"), "c.json", text("{}"))));
    String deep = "folder/".repeat(30);
    shard(
        "b-0.tar",
        new TreeMap<>(
            Map.of(
                deep + "a.seg.png",
                picture(99),
                deep + "a.PNG",
                picture(10),
                deep + "a.cls",
                text("10\n"),
                "b.png",
                picture(20),
                "b.cls",
                text("20"),
                ".DS_Store",
                text("no picture"))));
  }

  private TarShardSource source(Path classNames, Path index) throws IOException {
    return new TarShardSource(folder, GREY, 0, classNames, index);
  }

  /** Labels and first values. */
  private static List<String> contents(TarShardSource source) {
    List<String> contents = new ArrayList<>();
    for (Example<Label> example : source) {
      int grey = (int) example.iterator().next().getValue();
      contents.add(example.getOutput().getLabel() + " " + grey);
    }
    return contents;
  }

  @Test
  void picturesAndLabelsOfASampleAreFoundShardByShard() throws IOException {
    shards();
    TarShardSource source = source(null, null);
    assertEquals(List.of("20 20", "10 10", "30 30"), contents(source));
    assertEquals(3, new ImageDataset(source).size());
    String first = source.iterator().next().toString();
    assertTrue(first.contains("b.png in " + folder.resolve("b-0.tar")), first);
  }

  @Test
  void classesMayHaveNames() throws IOException {
    shards();
    Path names = folder.resolve("names.txt");
    List<String> lines = new ArrayList<>(java.util.Collections.nCopies(31, "other"));
    lines.set(20, "dog");
    Files.write(names, lines);
    assertEquals(List.of("dog 20", "other 10", "other 30"), contents(source(names, null)));
    Files.write(names, lines.subList(0, 20));
    IOException e = assertThrows(IOException.class, () -> source(names, null));
    assertTrue(e.getMessage().contains("b.png has the label '20'"), e.getMessage());
  }

  @Test
  void withoutLabelsTheFolderIsTheLabel() throws IOException {
    shard("one.tar", new TreeMap<>(Map.of("x/cat/1.jpg.png", text(""), "x/cat/2.png", picture(5))));
    assertEquals(List.of("cat 5"), contents(source(null, null)));
    Path shard = shard("two.tar", Map.of("lonely.png", picture(5)));
    IOException e = assertThrows(IOException.class, () -> source(null, null));
    assertTrue(e.getMessage().startsWith(shard + ": lonely.png has no label"), e.getMessage());
  }

  @Test
  void isRebuiltFromItsProvenance() throws IOException {
    shards();
    TarShardSource source = source(null, folder.resolve("index"));
    Helpers.testProvenanceMarshalling(source.getProvenance());
    ConfigurationManager manager = new ConfigurationManager();
    manager.addConfiguration(ProvenanceUtil.extractConfiguration(source.getProvenance()));
    TarShardSource rebuilt = manager.lookupAll(TarShardSource.class).get(0);
    Iterator<Example<Label>> images = rebuilt.iterator();
    source.forEach(example -> assertEquals(example, images.next()));
    assertFalse(images.hasNext());
  }

  @Test
  void anIndexIsUsedUntilAShardChanges() throws IOException {
    shards();
    Path index = folder.resolve("shards.index");
    List<String> expected = contents(source(null, index));
    byte[] stored = Files.readAllBytes(index);
    assertEquals(expected, contents(source(null, index)));
    assertTrue(Arrays.equals(stored, Files.readAllBytes(index)));

    shard("b-2.tar", new TreeMap<>(Map.of("d.png", picture(40), "d.cls", text("40"))));
    assertEquals(4, source(null, index).size());
    Files.delete(folder.resolve("b-2.tar"));
    assertEquals(3, source(null, index).size());

    Files.write(index, text("something else"));
    IOException e = assertThrows(IOException.class, () -> source(null, index));
    assertTrue(e.getMessage().startsWith(index + " holds something other"), e.getMessage());
  }

  @Test
  void whatIsWrongWithAShardIsSaid() throws IOException {
    assertFails("holds nothing to read; looked for are files ending in .tar", folder);
    assertFails("There is no", folder.resolve("none"));
    Path damaged = Files.write(folder.resolve("a.tar"), text("no tar file ".repeat(100)));
    assertFails(damaged + " cannot be used as a shard", folder);
    Files.delete(damaged);
    Path empty = shard("b.tar", Map.of("readme.txt", text("x")));
    assertFails(empty + " holds no picture", folder);
    Path twice = shard("b.tar", new TreeMap<>(Map.of("a.png", text("x"), "a.jpg", text("x"))));
    assertFails(twice + " cannot be used as a shard: it holds two pictures", folder);
  }

  private static void assertFails(String message, Path shards) {
    IOException e =
        assertThrows(IOException.class, () -> new TarShardSource(shards, GREY, 0, null, null));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void aShardThatIsCutShortLaterIsNamed() throws IOException {
    Path shard = shard("a.tar", new TreeMap<>(Map.of("x/1.png", picture(5))));
    TarShardSource source = source(null, null);
    Files.write(shard, Arrays.copyOf(Files.readAllBytes(shard), 540));
    UncheckedIOException e =
        assertThrows(UncheckedIOException.class, () -> source.iterator().next().iterator());
    assertTrue(e.getMessage().contains("x/1.png in " + shard + " cannot be read"), e.getMessage());
  }
}

package dev.subbit.tribuo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import dev.subbit.tribuo.network.ImageShape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

class IdxImageSourceTest {

  @TempDir private Path folder;

  private Path write(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }

  private static byte[] pixels(int count) {
    byte[] pixels = new byte[count];
    for (int i = 0; i < count; i++) {
      pixels[i] = (byte) (i * 37);
    }
    return pixels;
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  @Test
  void readsGreyImages() throws IOException {
    Path images = write("images", StripedImages.idx(pixels(3 * 20), 3, 4, 5));
    Path labels = write("labels", StripedImages.idx(new byte[] {2, 0, (byte) 200}, 3));
    IdxImageSource source = new IdxImageSource(images, labels);
    assertEquals(new ImageShape(1, 4, 5), source.imageShape());
    assertEquals(3, source.size());
    int image = 0;
    for (Example<Label> example : source) {
      assertEquals(List.of("2", "0", "200").get(image), example.getOutput().getLabel());
      int pixel = image * 20;
      for (Feature feature : example) {
        assertEquals(pixels(60)[pixel++] & 0xFF, feature.getValue());
      }
      assertEquals(++image * 20, pixel);
    }
  }

  @Test
  void readsGzippedImagesOfSeveralChannelsWhateverTheirName() throws IOException {
    Path images = write("images.idx", gzip(StripedImages.idx(pixels(2 * 24), 2, 3, 2, 4)));
    Path labels = write("labels.idx", gzip(StripedImages.idx(new byte[] {1, 0}, 2)));
    IdxImageSource source = new IdxImageSource(images, labels, List.of("cat", "dog"), 1);
    assertEquals(new ImageShape(3, 2, 4), source.imageShape());
    assertEquals(1, source.size());
    assertEquals("dog", source.iterator().next().getOutput().getLabel());
  }

  /** A file can be cut in two: what is trained on, and the rest. */
  @Test
  void leavesOutImagesAtTheStart() throws IOException {
    write("images", StripedImages.idx(pixels(4 * 6), 4, 2, 3));
    write("labels", StripedImages.idx(new byte[] {0, 1, 2, 3}, 4));
    assertEquals(List.of("2", "3"), labels(2, 0));
    assertEquals(List.of("1", "2"), labels(1, 2));
    assertEquals(List.of("3"), labels(3, Integer.MAX_VALUE));
    PropertyException e = assertThrows(PropertyException.class, () -> labels(4, 0));
    assertTrue(e.getMsg().contains("images holds 4 images"), e.getMsg());
    assertThrows(PropertyException.class, () -> labels(-1, 0));
  }

  private List<String> labels(int skip, int limit) throws IOException {
    Path config =
        Files.writeString(
            folder.resolve("source.xml"),
            "<config><component name='source' type='"
                + IdxImageSource.class.getName()
                + "'><property name='imagesPath' value='"
                + folder.resolve("images")
                + "'/><property name='labelsPath' value='"
                + folder.resolve("labels")
                + "'/><property name='skip' value='"
                + skip
                + "'/><property name='limit' value='"
                + limit
                + "'/></component></config>");
    try (ConfigurationManager manager = new ConfigurationManager(config.toString())) {
      List<String> labels = new ArrayList<>();
      IdxImageSource source = (IdxImageSource) manager.lookup("source");
      source.forEach(example -> labels.add(example.getOutput().getLabel()));
      return labels;
    }
  }

  @Test
  void editingAnExampleLeavesTheSourceAsItWas() throws IOException {
    IdxImageSource source = StripedImages.source(folder, 3, 1);
    Feature first = source.iterator().next().iterator().next();
    source.iterator().next().set(new Feature(first.getName(), 300));
    assertEquals(first, source.iterator().next().iterator().next());
  }

  @Test
  void passesTribuosConformanceTests() {
    IdxImageSource source = StripedImages.source(folder, 6, 1);
    Helpers.testProvenanceMarshalling(source.getProvenance());
    Helpers.testDatasetSerialization(new MutableDataset<>(source));
  }

  @Test
  void isRebuiltFromItsProvenance() {
    IdxImageSource source = StripedImages.source(folder, 6, 1);
    ConfigurationManager manager = new ConfigurationManager();
    manager.addConfiguration(ProvenanceUtil.extractConfiguration(source.getProvenance()));
    IdxImageSource rebuilt = manager.lookupAll(IdxImageSource.class).get(0);
    List<Example<Label>> expected = new ArrayList<>();
    source.forEach(expected::add);
    List<Example<Label>> actual = new ArrayList<>();
    rebuilt.forEach(actual::add);
    assertEquals(expected, actual);
    IdxImageSourceProvenance one = (IdxImageSourceProvenance) source.getProvenance();
    IdxImageSourceProvenance two = (IdxImageSourceProvenance) rebuilt.getProvenance();
    for (String hash :
        List.of(IdxImageSourceProvenance.IMAGES_HASH, IdxImageSourceProvenance.LABELS_HASH)) {
      assertEquals(one.getInstanceValues().get(hash), two.getInstanceValues().get(hash));
    }
  }

  @Test
  void namesTheFileThatIsWrong() throws IOException {
    byte[] good = StripedImages.idx(pixels(40), 2, 4, 5);
    Path images = write("images", good);
    Path labels = write("labels", StripedImages.idx(new byte[2], 2));
    new IdxImageSource(images, labels);

    assertFails("no such file", folder.resolve("missing"), labels);
    assertFails("truncated", write("empty", new byte[0]), labels);
    assertFails("truncated", write("header", Arrays.copyOf(good, 10)), labels);
    assertFails("image 1 of 2", write("short", Arrays.copyOf(good, good.length - 1)), labels);
    assertFails("longer", write("long", Arrays.copyOf(good, good.length + 1)), labels);
    assertFails("not an IDX file", write("magic", changed(good, 0, 1)), labels);
    assertFails("type 13", write("floats", changed(good, 2, 13)), labels);
    assertFails("dimensions", write("dimensions", changed(good, 3, 2)), labels);
    assertFails("dimension 1", write("zero", changed(good, 11, 0)), labels);
    assertFails("Not an image shape", write("huge", changed(good, 8, 127)), labels);
    byte[] zipped = gzip(good);
    assertFails("truncated", write("zipped", Arrays.copyOf(zipped, zipped.length - 12)), labels);
    assertFails("cannot be read", write("badzip", new byte[] {0x1f, (byte) 0x8b, 0, 0}), labels);

    Path three = write("three", StripedImages.idx(new byte[3], 3));
    IOException mismatch = assertThrows(IOException.class, () -> new IdxImageSource(images, three));
    assertTrue(mismatch.getMessage().contains("three holds 3 labels"), mismatch.getMessage());
    IOException named =
        assertThrows(
            IOException.class,
            () ->
                new IdxImageSource(
                    images,
                    write("high", StripedImages.idx(new byte[] {0, 5}, 2)),
                    List.of("a", "b"),
                    0));
    assertTrue(named.getMessage().contains("image 1 the label 5"), named.getMessage());
    assertThrows(PropertyException.class, () -> new IdxImageSource(images, labels, List.of(), -1));
  }

  private static byte[] changed(byte[] content, int at, int value) {
    byte[] copy = content.clone();
    copy[at] = (byte) value;
    return copy;
  }

  private static void assertFails(String reason, Path images, Path labels) {
    IOException e = assertThrows(IOException.class, () -> new IdxImageSource(images, labels));
    assertTrue(e.getMessage().contains(images.toString()), e.getMessage());
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }
}

package dev.subbit.tribuo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import dev.subbit.tribuo.network.ImageShape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

class ImageFolderSourceTest {

  private static final ImageShape RGB = new ImageShape(3, 8, 8);
  private static final ImageShape GREY = new ImageShape(1, 8, 8);

  @TempDir private Path folder;

  private static List<Integer> values(Example<Label> example) {
    List<Integer> values = new ArrayList<>();
    for (Feature feature : example) {
      values.add((int) feature.getValue());
    }
    return values;
  }

  @Test
  void listsClassesAndFilesInOrder() throws IOException {
    Pictures.write(folder.resolve("n02/b.JPEG"), 8, 8, 0);
    Pictures.write(folder.resolve("n02/a.png"), 8, 8, 0);
    Pictures.write(folder.resolve("n01/images/deep.jpeg"), 8, 8, 0);
    Files.writeString(folder.resolve("n01/notes.txt"), "No image");
    Files.writeString(folder.resolve("readme.png"), "No class");
    Files.createDirectory(folder.resolve(".cache"));
    ImageFolderSource source = new ImageFolderSource(folder, RGB, 0);
    assertEquals(3, source.size());
    List<String> found = new ArrayList<>();
    for (Example<Label> example : source) {
      found.add(example.getOutput().getLabel() + " " + example);
    }
    assertTrue(found.get(0).startsWith("n01 ") && found.get(0).contains("deep.jpeg"), found.get(0));
    assertTrue(found.get(1).startsWith("n02 ") && found.get(1).contains("a.png"), found.get(1));
    assertTrue(found.get(2).startsWith("n02 ") && found.get(2).contains("b.JPEG"), found.get(2));
  }

  /** A picture of 24 x 12: three squares, red, green and blue; its middle is green. */
  private Path flag() throws IOException {
    BufferedImage image = new BufferedImage(24, 8, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 24 * 8; i++) {
      image.setRGB(i % 24, i / 24, 0xFF0000 >> 8 * (i % 24 / 8));
    }
    return Pictures.write(folder.resolve("flags/flag.png"), image);
  }

  @Test
  void takesTheMiddleOfThePicture() throws IOException {
    flag();
    List<Integer> pixels = values(new ImageFolderSource(folder, RGB, 0).iterator().next());
    for (int i = 0; i < 3 * 64; i++) {
      assertEquals(i / 64 == 1 ? 255 : 0, pixels.get(i), "value " + i);
    }
  }

  @Test
  void scalesTheShorterSideFirst() throws IOException {
    // Scaled to 48 x 16, the middle 8 x 8 is green.
    flag();
    ImageFolderSource source = new ImageFolderSource(folder, RGB, 16);
    for (int i = 64; i < 128; i++) {
      assertEquals(255, values(source.iterator().next()).get(i));
    }
    // A wide image takes the whole width of the flag.
    ImageFolderSource wide = new ImageFolderSource(folder, new ImageShape(3, 4, 12), 0);
    List<Integer> pixels = values(wide.iterator().next());
    assertEquals(255, pixels.get(0));
    assertEquals(255, pixels.get(48 + 6));
    assertEquals(255, pixels.get(96 + 11));
  }

  @Test
  void makesGreyOfColoursAndColoursOfGrey() throws IOException {
    flag();
    assertEquals(150, values(new ImageFolderSource(folder, GREY, 0).iterator().next()).get(5));
    Path grey = folder.resolve("other");
    Pictures.write(
        grey.resolve("dark/g.png"), new BufferedImage(9, 9, BufferedImage.TYPE_BYTE_GRAY));
    assertEquals(3 * 64, values(new ImageFolderSource(grey, RGB, 0).iterator().next()).size());
  }

  @Test
  void isReadOnlyWhereItIsLookedAt() throws IOException {
    Pictures.folder(folder, 10);
    AtomicInteger decoded = new AtomicInteger();
    ImageFolderSource source =
        new ImageFolderSource(
            folder,
            RGB,
            0,
            (preparation, file, choice) -> {
              decoded.incrementAndGet();
              return preparation.image(file, choice);
            });
    ImageDataset dataset = new ImageDataset(source);
    assertEquals(20, dataset.size());
    assertEquals(2, dataset.getOutputs().size());
    assertEquals(192, dataset.getFeatureIDMap().size());
    dataset.getExample(0).copy();
    assertEquals(0, decoded.get());

    PixelMap pixels = new PixelMap(dataset.getFeatureIDMap(), RGB);
    float[] rows = pixels.featureRows(dataset.getData());
    for (int i = 0; i < 20; i++) {
      String label = dataset.getExample(i).getOutput().getLabel();
      assertEquals(label.equals("bright"), rows[i * 192] > 127, label);
    }
    assertEquals(20, decoded.get());
  }

  @Test
  void anEditedExampleHoldsItsPixels() throws IOException {
    flag();
    Example<Label> example = new ImageFolderSource(folder, RGB, 0).iterator().next();
    Feature first = example.iterator().next();
    example.set(new Feature(first.getName(), 7));
    Files.delete(folder.resolve("flags/flag.png"));
    assertEquals(7, values(example).get(0));
    assertEquals(255, values(example).get(64));
  }

  @Test
  void isRebuiltFromItsProvenanceAndMakesADatasetThatTribuoStores() throws IOException {
    Pictures.folder(folder, 3);
    ImageFolderSource source = new ImageFolderSource(folder, GREY, 10);
    Helpers.testProvenanceMarshalling(source.getProvenance());
    ConfigurationManager manager = new ConfigurationManager();
    manager.addConfiguration(ProvenanceUtil.extractConfiguration(source.getProvenance()));
    ImageFolderSource rebuilt = manager.lookupAll(ImageFolderSource.class).get(0);
    Iterator<Example<Label>> images = rebuilt.iterator();
    source.forEach(example -> assertEquals(example, images.next()));
    assertFalse(images.hasNext());
    assertStored(new ImageDataset(source));
  }

  @Test
  void saysWhatIsWrongWithTheFolder() throws IOException {
    assertFails("is not a folder", folder.resolve("none"));
    assertFails("holds no folders", folder);
    Pictures.write(folder.resolve("full/image.png"), 8, 8, 0);
    new ImageFolderSource(folder, RGB, 0);
    Files.createDirectory(folder.resolve("empty"));
    assertFails(folder.resolve("empty") + " holds no image", folder);
  }

  private static void assertFails(String message, Path folder) {
    IOException e = assertThrows(IOException.class, () -> new ImageFolderSource(folder, RGB, 0));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void refusesValuesAndNamesTheField() throws IOException {
    Pictures.write(folder.resolve("class/image.png"), 8, 8, 0);
    PropertyException shape =
        assertThrows(
            PropertyException.class,
            () -> new ImageFolderSource(folder, new ImageShape(2, 8, 8), 0));
    assertTrue(shape.getMessage().contains("imageShape is [2, 8, 8]"), shape.getMessage());
    PropertyException side =
        assertThrows(PropertyException.class, () -> new ImageFolderSource(folder, RGB, 7));
    assertTrue(side.getMessage().contains("shorterSide is 7"), side.getMessage());
  }

  @Test
  void anIndexIsUsedUntilAFolderChanges() throws IOException {
    Pictures.folder(folder.resolve("images"), 2);
    Path images = folder.resolve("images");
    Path index = folder.resolve("images.index");
    assertEquals(4, new ImageFolderSource(images, RGB, 0, index).size());
    FileTime written = Files.getLastModifiedTime(index);
    ImageFolderSource again = new ImageFolderSource(images, RGB, 0, index);
    assertEquals(written, Files.getLastModifiedTime(index));
    Iterator<Example<Label>> listed = new ImageFolderSource(images, RGB, 0).iterator();
    again.forEach(example -> assertEquals(listed.next(), example));

    // A file system may count in milliseconds.
    FileTime before = FileTime.fromMillis(0);
    Files.setLastModifiedTime(images.resolve("dark"), before);
    Pictures.write(images.resolve("dark/more.png"), 8, 8, 0);
    assertEquals(5, new ImageFolderSource(images, RGB, 0, index).size());
    Pictures.write(images.resolve("new/one.png"), 8, 8, 0);
    assertEquals(6, new ImageFolderSource(images, RGB, 0, index).size());
  }

  @Test
  void anIndexThatCannotBeWrittenIsAnError() throws IOException {
    Pictures.folder(folder, 1);
    Path index = folder.resolve("none/images.index");
    IOException e =
        assertThrows(IOException.class, () -> new ImageFolderSource(folder, RGB, 0, index));
    assertTrue(e.getMessage().startsWith("Cannot write the index " + index), e.getMessage());
  }

  private static void assertStored(ImageDataset dataset) {
    Dataset<?> stored = Dataset.deserialize(dataset.serialize());
    assertEquals(dataset.getData(), stored.getData());
    assertEquals(dataset.getFeatureIDMap(), stored.getFeatureIDMap());
    assertEquals(dataset.getOutputIDInfo(), stored.getOutputIDInfo());
  }
}

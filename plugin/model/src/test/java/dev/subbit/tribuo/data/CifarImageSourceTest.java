package dev.subbit.tribuo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import dev.subbit.tribuo.data.CifarImageSource.Labels;
import dev.subbit.tribuo.data.CifarImageSource.Part;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

class CifarImageSourceTest {

  @TempDir private Path folder;

  private static CifarImageSource source(Path folder, Part part) throws IOException {
    return new CifarImageSource(folder, part, Labels.FINE, 0);
  }

  private static List<Example<Label>> examples(CifarImageSource source) {
    List<Example<Label>> examples = new ArrayList<>();
    source.forEach(examples::add);
    return examples;
  }

  private static void assertPixels(int seed, int image, Example<Label> example) {
    int position = 0;
    for (Feature feature : example) {
      assertEquals(CifarFiles.pixel(seed, image, position++), feature.getValue());
    }
    assertEquals(3072, position);
  }

  @Test
  void readsCifar10() throws IOException {
    CifarFiles.cifar10(folder, 12);
    CifarImageSource train = source(folder, Part.TRAIN);
    assertEquals(new ImageShape(3, 32, 32), train.imageShape());
    assertEquals(60, train.size());
    List<Example<Label>> images = examples(train);
    assertEquals("class3", images.get(12 + 3).getOutput().getLabel());
    // The fourth image of the second of five files.
    assertPixels(2, 3, images.get(12 + 3));
    List<Example<Label>> test = examples(source(folder, Part.TEST));
    assertEquals(12, test.size());
    assertPixels(6, 11, test.get(11));
    assertEquals("class1", test.get(11).getOutput().getLabel());
  }

  @Test
  void readsCifar100WithEitherLabels() throws IOException {
    CifarFiles.cifar100(folder, 105, 30);
    List<Example<Label>> fine = examples(source(folder, Part.TRAIN));
    assertEquals(105, fine.size());
    assertEquals("fine99", fine.get(99).getOutput().getLabel());
    assertPixels(1, 99, fine.get(99));
    List<Example<Label>> coarse =
        examples(new CifarImageSource(folder, Part.TEST, Labels.COARSE, 0));
    assertEquals("coarse5", coarse.get(25).getOutput().getLabel());
    assertPixels(2, 25, coarse.get(25));
  }

  @Test
  void namesLabelsByNumberWithoutTheFileOfNames() throws IOException {
    CifarFiles.cifar10(folder, 10);
    Files.delete(folder.resolve("batches.meta.txt"));
    assertEquals("7", examples(source(folder, Part.TEST)).get(7).getOutput().getLabel());
  }

  @Test
  void readsNoMoreThanTheLimit() throws IOException {
    CifarFiles.cifar10(folder, 4);
    CifarImageSource some = new CifarImageSource(folder, Part.TRAIN, Labels.FINE, 6);
    assertEquals(6, some.size());
    assertPixels(2, 1, examples(some).get(5));
  }

  @Test
  void copiesShareTheirPixelsUntilOneIsEdited() throws IOException {
    CifarFiles.cifar10(folder, 2);
    CifarImageSource source = source(folder, Part.TEST);
    Example<Label> edited = source.iterator().next();
    Feature first = edited.iterator().next();
    edited.set(new Feature(first.getName(), 255 - first.getValue()));
    assertEquals(255 - first.getValue(), edited.lookup(first.getName()).getValue());
    assertPixels(6, 0, source.iterator().next());
    assertFalse(edited.equals(source.iterator().next()));
  }

  @Test
  void isRebuiltFromItsProvenanceAndMakesADatasetThatTribuoStores() throws IOException {
    CifarFiles.cifar100(folder, 8, 4);
    CifarImageSource source = new CifarImageSource(folder, Part.TEST, Labels.COARSE, 0);
    Helpers.testProvenanceMarshalling(source.getProvenance());
    assertStored(new ImageDataset(source));
    ConfigurationManager manager = new ConfigurationManager();
    manager.addConfiguration(ProvenanceUtil.extractConfiguration(source.getProvenance()));
    CifarImageSource rebuilt = manager.lookupAll(CifarImageSource.class).get(0);
    assertEquals(examples(source), examples(rebuilt));
    assertEquals(hash(source), hash(rebuilt));

    CifarFiles.cifar100(folder, 8, 5);
    assertFalse(
        hash(source).equals(hash(new CifarImageSource(folder, Part.TEST, Labels.COARSE, 0))));
  }

  private static Object hash(CifarImageSource source) {
    return ((FileListProvenance) source.getProvenance())
        .getInstanceValues()
        .get(FileListProvenance.RESOURCE_HASH);
  }

  @Test
  void saysWhatIsWrongAndWhere() throws IOException {
    assertFails("is not a folder", folder.resolve("none"));
    assertFails("holds no files of CIFAR-10", folder);

    Path ten = CifarFiles.cifar10(folder.resolve("ten"), 2);
    Path batch = ten.resolve("data_batch_3.bin");
    byte[] good = Files.readAllBytes(batch);
    for (int length : new int[] {0, 1, 3072, 3073 * 2 - 1, 3073 * 2 + 1}) {
      Files.write(batch, Arrays.copyOf(good, length));
      assertFails(batch + " has " + length + " bytes", ten);
    }
    byte[] wrong = good.clone();
    wrong[3073] = 10;
    Files.write(batch, wrong);
    assertFails(batch + " gives image 1 the label 10", ten);
    Files.delete(batch);
    assertFails(batch + " is missing", ten);
    Files.write(batch, good);

    Path names = ten.resolve("batches.meta.txt");
    Files.writeString(names, "cat\ndog\n");
    assertFails(names + " should name 10 labels", ten);
    Files.writeString(names, "cat\n".repeat(10));
    assertFails("it names 1 on 10 lines", ten);
    Files.delete(names);

    CifarFiles.cifar100(ten, 1, 1);
    assertFails("both CIFAR-10 and CIFAR-100", ten);
  }

  private static void assertFails(String message, Path folder) {
    IOException e = assertThrows(IOException.class, () -> source(folder, Part.TRAIN));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void refusesValuesAndNamesTheField() throws IOException {
    CifarFiles.cifar10(folder, 1);
    PropertyException limit =
        assertThrows(
            PropertyException.class,
            () -> new CifarImageSource(folder, Part.TRAIN, Labels.FINE, -1));
    assertTrue(limit.getMessage().contains("limit is -1"), limit.getMessage());
    PropertyException labels =
        assertThrows(
            PropertyException.class,
            () -> new CifarImageSource(folder, Part.TRAIN, Labels.COARSE, 0));
    assertTrue(labels.getMessage().contains("labels is COARSE"), labels.getMessage());
  }

  private static void assertStored(ImageDataset dataset) {
    Dataset<?> stored = Dataset.deserialize(dataset.serialize());
    assertEquals(dataset.getData(), stored.getData());
    assertEquals(dataset.getFeatureIDMap(), stored.getFeatureIDMap());
    assertEquals(dataset.getOutputIDInfo(), stored.getOutputIDInfo());
  }
}

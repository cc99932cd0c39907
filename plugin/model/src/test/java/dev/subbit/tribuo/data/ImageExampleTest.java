package dev.subbit.tribuo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.MutableDataset;
import org.tribuo.MutableFeatureMap;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.impl.ArrayExample;
import org.tribuo.protos.core.ExampleProto;
import org.tribuo.provenance.SimpleDataSourceProvenance;
import org.tribuo.test.Helpers;
import org.tribuo.transform.TransformationMap;
import org.tribuo.transform.transformations.LinearScalingTransformation;
import org.tribuo.util.Merger;

class ImageExampleTest {

  private static final byte[] PIXELS = {0, 1, 127, (byte) 128, (byte) 255, 0, 7, 0, 9, 10, 11, 12};

  private ImageExample image;

  @BeforeEach
  void makeImage() {
    image = new ImageExample(new Label("boot"), PIXELS);
  }

  /** Checks that an example has the same features as Tribuo's own one. */
  private static void assertSameFeatures(Example<Label> expected, Example<Label> actual) {
    List<Feature> features = new ArrayList<>();
    actual.forEach(features::add);
    List<Feature> wanted = new ArrayList<>();
    expected.forEach(wanted::add);
    assertEquals(wanted, features);
    assertEquals(expected.size(), actual.size());
    assertEquals(expected.validateExample(), actual.validateExample());
  }

  @Test
  void givesEveryPixelInOrder() {
    int position = 0;
    for (Feature feature : image) {
      assertEquals(String.format("%02d", position), feature.getName());
      assertEquals(PIXELS[position] & 0xFF, feature.getValue());
      position++;
    }
    assertEquals(PIXELS.length, position);
    assertEquals(PIXELS.length, image.size());
    assertTrue(image.validateExample());
  }

  @Test
  void looksUpByName() {
    assertEquals(new Feature("03", 128), image.lookup("03"));
    assertNull(image.lookup("3"));
    assertNull(image.lookup("12"));
  }

  @Test
  void editsAsTribuosOwnExampleDoes() {
    ArrayExample<Label> twin = new ArrayExample<>(image);
    for (Example<Label> example : List.of(image, twin)) {
      example.set(new Feature("04", 17));
      example.set(new Feature("05", 0.25));
      example.set(new Feature("06", -1));
      example.add(new Feature("00", 5));
      example.add(new Feature("xx", 300));
      example.removeFeatures(List.of(new Feature("02", 0), new Feature("nothing", 0)));
    }
    assertSameFeatures(twin, image);
    assertFalse(image.validateExample(), "feature 00 is there twice");
    image.reduceByName(Merger.add());
    twin.reduceByName(Merger.add());
    assertSameFeatures(twin, image);
    assertTrue(image.validateExample());
    assertThrows(IllegalArgumentException.class, () -> image.set(new Feature("02", 1)));
  }

  @Test
  void nanMakesItInvalid() {
    image.set(new Feature("03", Double.NaN));
    assertFalse(image.validateExample());
  }

  @Test
  void densifiesAgainstADomain() {
    MutableFeatureMap domain = new MutableFeatureMap();
    image.forEach(feature -> domain.add(feature.getName(), feature.getValue()));
    assertTrue(image.isDense(domain));
    domain.add("zz", 1);
    assertFalse(image.isDense(domain));
    image.densify(domain);
    assertTrue(image.isDense(domain));
    assertEquals(new Feature("zz", 0), image.lookup("zz"));
  }

  @Test
  void copiesShareNothingThatCanChange() {
    ImageExample copy = image.copy();
    assertEquals(image, copy);
    assertEquals(image.hashCode(), copy.hashCode());
    copy.set(new Feature("00", 99));
    assertEquals(0, image.lookup("00").getValue());
    assertNotEquals(image, copy);
  }

  @Test
  void sharesItsNamesAndKeepsItsBytesInADataset() {
    MutableDataset<Label> dataset = dataset(image, new ImageExample(new Label("bag"), PIXELS));
    assertSame(
        dataset.getExample(0).iterator().next().getName(),
        dataset.getExample(1).iterator().next().getName());
    assertTrue(((ImageExample) dataset.getExample(0)).isWholeImage());
    assertTrue(dataset.isDense());
  }

  @Test
  void transforms() {
    MutableDataset<Label> dataset =
        dataset(image, new ImageExample(new Label("bag"), new byte[PIXELS.length]));
    dataset.transform(
        dataset.createTransformers(
            new TransformationMap(List.of(new LinearScalingTransformation(0, 1)))));
    assertEquals(1.0, image.lookup("04").getValue());
    assertEquals(0.0, dataset.getExample(1).lookup("04").getValue());
  }

  @Test
  void isStoredAndReadBack() {
    image.setWeight(2.5f);
    image.setMetadataValue(Example.NAME, "first");
    ImageExample read = Helpers.<ExampleProto, ImageExample>testProtoSerialization(image);
    assertTrue(read.isWholeImage());
    image.set(new Feature("03", 0.5));
    Example<?> edited = Example.deserialize(image.serialize());
    assertEquals(0.5, edited.lookup("03").getValue());
    assertEquals(2.5f, edited.getWeight());
    Helpers.testDatasetSerialization(
        dataset(
            new ImageExample(new Label("boot"), PIXELS),
            new ImageExample(new Label("bag"), PIXELS)));
  }

  private static MutableDataset<Label> dataset(ImageExample... examples) {
    MutableDataset<Label> dataset =
        new MutableDataset<>(
            new SimpleDataSourceProvenance("images", new LabelFactory()), new LabelFactory());
    List.of(examples).forEach(dataset::add);
    return dataset;
  }
}

package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import dev.subbit.tribuo.settings.Clipping;
import dev.subbit.tribuo.stored.NetworkCodec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.Example;
import org.tribuo.MutableDataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

class SubBitQuantizerTest {

  private static final ImageShape SHAPE = new ImageShape(1, 12, 12);

  private final MutableDataset<Label> data = TestModels.dataset(SHAPE, 24);

  private SubBitModel model(Mode mode) {
    return TestModels.model(TestModels.network(mode, "resnet8", SHAPE), data);
  }

  @ParameterizedTest
  @EnumSource
  void keepsProbabilitiesOfASubBitModelCloseInEightBits(Clipping clipping) {
    try (SubBitModel model = model(Mode.SUB_BIT);
        SubBitModel quantized = new SubBitQuantizer(5, 24, clipping).quantize(model, data)) {
      assertEquals(model.network().packed(), quantized.network().packed());
      List<Prediction<Label>> before = model.predict(data);
      List<Prediction<Label>> after = quantized.predict(data);
      for (int i = 0; i < data.size(); i++) {
        assertArrayEquals(
            TestModels.scores(model, before.get(i)), TestModels.scores(model, after.get(i)), 0.05);
      }
    }
  }

  @Test
  void givesAMaxPoolingTheRangeOfWhatItReads() {
    ImageShape small = new ImageShape(1, 6, 6);
    MutableDataset<Label> images = TestModels.dataset(small, 4);
    try (SubBitModel model =
            TestModels.model(TestModels.network(Mode.SUB_BIT, "vgg-small", small), images);
        SubBitModel quantized = new SubBitQuantizer().quantize(model, images)) {
      Map<String, QuantizedRange> ranges = quantized.network().ranges();
      assertEquals(ranges.get("relu1"), ranges.get("pool1"));
      assertEquals(ranges.get("relu3"), ranges.get("pool3"));
      assertNotEquals(ranges.get("relu1"), ranges.get("relu3"));
      // The last one feeds the float classifier.
      assertFalse(ranges.containsKey("pool5"));
    }
  }

  @Test
  void givesShortcutsAndEndsOfBlocksARangeButNotWhatIsBetween() {
    try (SubBitModel model = model(Mode.SUB_BIT);
        SubBitModel quantized = new SubBitQuantizer().quantize(model, data)) {
      assertEquals(
          Set.of(
              "stem.relu",
              "stage1.block0.relu1",
              "stage1.block0.relu2",
              "stage2.block0.relu1",
              "stage2.block0.shortcut.bn",
              "stage2.block0.relu2",
              "stage3.block0.relu1",
              "stage3.block0.shortcut.bn",
              "stage3.block0.relu2"),
          quantized.network().ranges().keySet());
    }
  }

  @Test
  void givesAFloatModelSubBitWeightsBehindItsStem() {
    try (SubBitModel model = model(Mode.FLOAT)) {
      TrainedNetwork quantized =
          new SubBitQuantizer(4, 24, Clipping.LEAST_ERROR).quantize(model, data).network();
      assertEquals(
          TestModels.network(Mode.SUB_BIT, "resnet8", SHAPE).network(), quantized.network());
      for (PackedConvWeights weights : quantized.packed().values()) {
        assertEquals(4, weights.codebook().tau());
      }
    }
  }

  private static double[][] scores(SubBitModel model, MutableDataset<Label> data) {
    return model.predict(data).stream()
        .map(prediction -> TestModels.scores(model, prediction))
        .toArray(double[][]::new);
  }

  private double distance(SubBitModel model, int tau, int stages) {
    SubBitQuantizer quantizer = SubBitQuantizer.of(tau, stages, 96, 0, Optional.empty());
    // So many that few patches hold no weight back.
    MutableDataset<Label> many = TestModels.dataset(SHAPE, 96);
    try (SubBitModel quantized = quantizer.quantize(model, many)) {
      assertTrue(quantized.network().ranges().isEmpty(), "activations stay float");
      double[][] before = scores(model, many);
      double[][] after = scores(quantized, many);
      double sum = 0;
      for (int i = 0; i < before.length; i++) {
        for (int c = 0; c < before[i].length; c++) {
          sum += Math.abs(before[i][c] - after[i][c]);
        }
      }
      return sum / before.length;
    }
  }

  @Test
  void comesNearerToTheFloatModelWithEveryStage() {
    try (SubBitModel model = model(Mode.FLOAT)) {
      double one = distance(model, 5, 1);
      double two = distance(model, 5, 2);
      double three = distance(model, 5, 3);
      assertTrue(two < 0.7 * one && three < two, one + ", " + two + ", " + three);
    }
  }

  @Test
  void stagesAreConvolutionsOfTheirOwnAndRunInEightBitsToo() {
    try (SubBitModel model = model(Mode.FLOAT);
        SubBitModel quantized =
            SubBitQuantizer.of(5, 2, 24, 0, Optional.of(Clipping.MIN_MAX)).quantize(model, data)) {
      Map<String, PackedConvWeights> packed = quantized.network().packed();
      assertTrue(
          packed.keySet().containsAll(List.of("stage1.block0.conv1", "stage1.block0.conv1.stage2")),
          packed.keySet()::toString);
      assertFalse(quantized.network().ranges().isEmpty());
      Helpers.testModelProtoSerialization(quantized, Label.class, data);
    }
  }

  @Test
  void givesTheSameTwice() {
    try (SubBitModel model = model(Mode.FLOAT)) {
      SubBitQuantizer quantizer = new SubBitQuantizer();
      assertEquals(
          NetworkCodec.encode(quantizer.quantize(model, data).network()),
          NetworkCodec.encode(quantizer.quantize(model, data).network()));
    }
  }

  @Test
  void isConfigurableAndPartOfTheProvenance() {
    SubBitQuantizer quantizer = new SubBitQuantizer(6, 8, Clipping.MIN_MAX);
    Helpers.testConfigurableRoundtrip(quantizer);
    Helpers.testProvenanceMarshalling(quantizer.getProvenance());
    try (SubBitModel model = model(Mode.SUB_BIT);
        SubBitModel quantized = quantizer.quantize(model, data)) {
      Helpers.testModelProtoSerialization(quantized, Label.class, data);
      Map<String, ?> instance = quantized.getProvenance().getInstanceProvenance().getMap();
      assertEquals(quantizer.getProvenance(), instance.get("quantizer"));
      assertEquals(data.getProvenance(), instance.get("calibration-data"));
    }
  }

  @Test
  void refusesWhatItCannotQuantize() {
    SubBitQuantizer quantizer = new SubBitQuantizer();
    SubBitQuantizer floatActivations = SubBitQuantizer.of(5, 1, 24, 0, Optional.empty());
    try (SubBitModel floatBinary = model(Mode.FLOAT_BINARY);
        SubBitModel binary = model(Mode.SUB_BIT_BINARY);
        SubBitModel integer = model(Mode.INTEGER);
        SubBitModel fine = model(Mode.SUB_BIT)) {
      assertRefused(quantizer, floatBinary, data, "'stage1.block0.conv1' first, and has float");
      assertRefused(floatActivations, binary, data, "nothing to do");
      assertRefused(quantizer, integer, data, "already");
      assertRefused(quantizer, fine, TestModels.dataset(SHAPE, 0), "at least one image");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 12})
  void givesABinaryModelTheFinestIntegerFormThatItsValuesFit(int width) {
    try (SubBitModel model = model(Mode.SUB_BIT_BINARY);
        SubBitModel quantized =
            new SubBitQuantizer(5, 24, Clipping.MIN_MAX)
                .withIntegerWidth(width)
                .quantize(model, data)) {
      TrainedNetwork network = quantized.network();
      IntegerForm form = network.integers().orElseThrow();
      assertEquals(width, form.width());
      assertEquals(model.network().packed(), network.packed());
      assertTrue(network.ranges().isEmpty());
      float peak = peak(model.network());
      assertTrue(peak * (1 << form.fractionBits()) <= form.largest(), peak + " in " + form);
      if (width == 12) {
        // Of 12 bits, the values themselves set the bound, and larger ones are clipped.
        assertTrue(peak * (1 << (form.fractionBits() + 1)) > form.largest(), peak + " in " + form);
      }
    }
  }

  /** The largest value behind the stem, a shortcut or a block, on all images. */
  private float peak(TrainedNetwork network) {
    float peak = 0;
    for (Example<Label> example : data) {
      float[] pixels = new float[SHAPE.size()];
      new PixelMap(data.getFeatureIDMap(), SHAPE).fill(example, pixels, 0);
      Map<String, float[]> values = new ReferenceForward(network).run(pixels);
      for (String node : values.keySet()) {
        if (node.matches("stem.bn|.*shortcut.bn|.*before.|.*after.")) {
          for (float value : values.get(node)) {
            peak = Math.max(peak, Math.abs(value));
          }
        }
      }
    }
    return peak;
  }

  @ParameterizedTest
  @ValueSource(strings = {"resnet20", "vgg-small"})
  void integerModelsKeepWhatTheyAreThroughFilesAndSayWhereTheyCameFrom(String name) {
    ImageShape small = new ImageShape(1, 8, 8);
    MutableDataset<Label> images = TestModels.dataset(small, 8);
    SubBitQuantizer quantizer = new SubBitQuantizer().withIntegerWidth(12);
    Helpers.testConfigurableRoundtrip(quantizer);
    try (SubBitModel model =
            TestModels.model(
                withPositiveScales(TestModels.network(Mode.SUB_BIT_BINARY, name, small)), images);
        SubBitModel quantized = quantizer.quantize(model, images)) {
      assertEquals(12, quantized.network().integers().orElseThrow().width());
      Helpers.testModelProtoSerialization(quantized, Label.class, images);
      Map<String, ?> instance = quantized.getProvenance().getInstanceProvenance().getMap();
      assertEquals(quantizer.getProvenance(), instance.get("quantizer"));
      assertEquals(images.getProvenance(), instance.get("calibration-data"));
      String layers = instance.get("quantized-layers").toString();
      assertTrue(layers.contains("conv1") && layers.contains("classifier"), layers);
      assertFalse(SubBitQuantizer.isTuned(quantized));
      assertRefused(quantizer, quantized, images, "already: it computes in integers of 12 bits");
    }
  }

  /** As trained ones are; in front of a max pooling, integers need them. */
  private static TrainedNetwork withPositiveScales(TrainedNetwork network) {
    Map<String, PackedConvWeights> packed = new HashMap<>(network.packed());
    packed.replaceAll(
        (node, weights) -> {
          float[] scale = weights.scale();
          for (int o = 0; o < scale.length; o++) {
            scale[o] = Math.abs(scale[o]);
          }
          return weights.withScale(scale);
        });
    return new TrainedNetwork(network.network(), network.floats(), packed, Map.of());
  }

  @Test
  void namesTheLayerThatNoIntegerFormFits() {
    TrainedNetwork network = TestModels.network(Mode.SUB_BIT_BINARY, "resnet8", SHAPE);
    Map<String, float[]> floats = new HashMap<>(network.floats());
    float[] huge = floats.get("stage2.block0.bn1/gamma").clone();
    Arrays.fill(huge, 1e6f);
    floats.put("stage2.block0.bn1/gamma", huge);
    TrainedNetwork large =
        new TrainedNetwork(network.network(), floats, network.packed(), Map.of());
    try (SubBitModel model = TestModels.model(large, data)) {
      assertRefused(new SubBitQuantizer(), model, data, "stage2.block0");
    }
  }

  @Test
  void namesTheNodeWhoseValuesOverflow() {
    TrainedNetwork network = TestModels.network(Mode.SUB_BIT, "resnet8", SHAPE);
    Map<String, float[]> floats = new HashMap<>(network.floats());
    float[] huge = floats.get("stem.conv/weight").clone();
    Arrays.fill(huge, 1e38f);
    floats.put("stem.conv/weight", huge);
    TrainedNetwork overflowing =
        new TrainedNetwork(network.network(), floats, network.packed(), network.ranges());
    try (SubBitModel model = TestModels.model(overflowing, data)) {
      assertRefused(new SubBitQuantizer(), model, data, "Node 'stem.relu' gives Infinity");
    }
  }

  private static void assertRefused(
      SubBitQuantizer quantizer, SubBitModel model, MutableDataset<Label> data, String reason) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> quantizer.quantize(model, data))
            .getMessage();
    assertTrue(message.contains(reason), message);
  }

  @Test
  void refusesAWrongConfiguration() {
    assertThrows(PropertyException.class, () -> new SubBitQuantizer(0, 1, Clipping.MIN_MAX));
    assertThrows(PropertyException.class, () -> new SubBitQuantizer(10, 1, Clipping.MIN_MAX));
    assertThrows(PropertyException.class, () -> new SubBitQuantizer(5, 0, Clipping.MIN_MAX));
    assertThrows(PropertyException.class, () -> new SubBitQuantizer().withIntegerWidth(8));
    assertThrows(PropertyException.class, () -> new SubBitQuantizer().withIntegerWidth(17));
    assertThrows(PropertyException.class, () -> new SubBitQuantizer().withTuneRate(-1));
  }

  @ParameterizedTest
  @CsvSource({
    "tau, 11, 1 to 9",
    "stages, 9, 1 to 8",
    "rounds, 0, 1 or more",
    "threads, -2, 0 or more",
    "teacherShare, 1.5, 0 to 1",
  })
  void namesThePropertyThatIsWrong(
      String property, String value, String allowed, @TempDir Path folder) {
    String config =
        ("<config><component name=\"q\" type=\"%s\"><property name=\"%s\" value=\"%s\"/>"
                + "</component></config>")
            .formatted(SubBitQuantizer.class.getName(), property, value);
    Throwable e =
        assertThrows(
            PropertyException.class,
            () -> {
              Path file = Files.writeString(folder.resolve("q.xml"), config);
              try (ConfigurationManager manager = new ConfigurationManager(file.toString())) {
                manager.lookup("q");
              }
            });
    while (e.getCause() instanceof PropertyException inner) {
      e = inner;
    }
    assertEquals(property, ((PropertyException) e).getProperty());
    assertTrue(e.getMessage().contains(value + ", allowed are " + allowed), e.getMessage());
  }
}

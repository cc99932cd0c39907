package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.NetworkDescription;
import dev.subbit.tribuo.network.ResidualStage;
import dev.subbit.tribuo.network.Stem;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.recipe.Augmentation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.evaluation.LabelEvaluator;
import org.tribuo.datasource.ListDataSource;
import org.tribuo.provenance.SimpleDataSourceProvenance;
import org.tribuo.test.Helpers;

class SubBitTrainerTest {

  @TempDir static Path folder;

  private static MutableDataset<Label> training;
  private static MutableDataset<Label> held;

  @BeforeAll
  static void writeImages() {
    training = new MutableDataset<>(StripedImages.source(folder, 192, 1));
    held = new MutableDataset<>(StripedImages.source(folder, 96, 2));
  }

  private static SubBitTrainerBuilder builder() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .tau(4)
        .batchSize(16)
        .epochs(1)
        .threads(1);
  }

  @ParameterizedTest
  @CsvSource({
    "SUB_BIT, REAL, 4",
    "SUB_BIT, BINARY, 4",
    "SUB_BIT, BINARY, 9",
    "SUB_BIT, REAL, 1",
    "FLOAT, REAL, 4",
    "FLOAT, BINARY, 4"
  })
  void learns(Weights weights, Activations activations, int tau) {
    SubBitTrainer trainer =
        builder()
            .weights(weights)
            .activations(activations)
            .tau(tau)
            .floatEpochs(0)
            .epochs(8)
            .build();
    List<EpochMetrics> epochs = new ArrayList<>();
    trainer.addListener(epochs::add);
    try (SubBitModel model = trainer.train(training)) {
      double accuracy = new LabelEvaluator().evaluate(model, held).accuracy();
      assertTrue(accuracy >= 0.95, "accuracy " + accuracy);
    }
    assertEquals(8, epochs.size());
    assertTrue(epochs.get(7).loss() < epochs.get(0).loss(), epochs.toString());
    assertTrue(epochs.get(7).accuracy() > 0.9, epochs.toString());
  }

  @Test
  void codebooksAreDistinctAndRefined() {
    SubBitTrainer trainer =
        new ConfigurableTrainer(
                "<property name=\"selection\" value=\"REFINED\"/>"
                    + "<property name=\"refineInterval\" value=\"2\"/>"
                    + "<property name=\"refineRate\" value=\"0.2\"/>")
            .trainer();
    SubBitTrainer unrefined = new ConfigurableTrainer("").trainer();
    try (SubBitModel model = trainer.train(training);
        SubBitModel other = unrefined.train(training)) {
      int moved = 0;
      for (String node : model.network().packed().keySet()) {
        Codebook codebook = model.network().packed().get(node).codebook();
        Set<Integer> words = new HashSet<>();
        for (int i = 0; i < codebook.size(); i++) {
          words.add(codebook.codeword(i));
        }
        assertEquals(codebook.size(), words.size(), node);
        moved += codebook.equals(other.network().packed().get(node).codebook()) ? 0 : 1;
      }
      assertTrue(moved > 0, "no codebook was refined");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SUB_BIT, 5, HISTOGRAM, 30, 3",
    "SUB_BIT, 5, CLUSTERED, 4, 1",
    "SUB_BIT, 5, HISTOGRAM, 3, 0",
    "SUB_BIT, 5, RANDOM, 30, 0",
    "SUB_BIT, 9, HISTOGRAM, 30, 0",
    "FLOAT, 5, HISTOGRAM, 30, 0"
  })
  void floatEpochsComeFirstWhereTheCodebooksStartFromKernels(
      Weights weights, int tau, CodebookStart start, int epochs, int floatEpochs) {
    SubBitTrainer trainer =
        builder().weights(weights).tau(tau).codebookStart(start).epochs(epochs).build();
    assertTrue(trainer.toString().contains("floatEpochs=" + floatEpochs), trainer.toString());
  }

  @Test
  void sameConfigurationAndDataGiveTheSameModel() throws Exception {
    SubBitTrainer trainer = new ConfigurableTrainer("").trainer();
    Dataset<Label> data = new MutableDataset<>(StripedImages.source(folder, 192, 1));
    try (SubBitModel model = trainer.train(training);
        SubBitModel fromFile = new ConfigurableTrainer("").trainer().train(data);
        SubBitModel second = trainer.train(training)) {
      assertSameWeights(model.network(), fromFile.network());
      assertNotEquals(
          model.network().packed(), second.network().packed(), "a second invocation draws anew");

      ConfigurationManager manager = new ConfigurationManager();
      manager.addConfiguration(ProvenanceUtil.extractConfiguration(second.getProvenance()));
      SubBitTrainer rebuilt = manager.lookupAll(SubBitTrainer.class).get(0);
      IdxImageSource source = manager.lookupAll(IdxImageSource.class).get(0);
      try (SubBitModel again =
          rebuilt.train(new MutableDataset<>(source), new HashMap<>(), invocations(second))) {
        assertSameWeights(second.network(), again.network());
      }
    }
  }

  private static int invocations(SubBitModel model) {
    return (Integer)
        model
            .getProvenance()
            .getTrainerProvenance()
            .getInstanceValues()
            .get(org.tribuo.provenance.TrainerProvenance.TRAIN_INVOCATION_COUNT)
            .getValue();
  }

  private static void assertSameWeights(TrainedNetwork expected, TrainedNetwork actual) {
    assertEquals(expected.network(), actual.network());
    assertEquals(expected.packed(), actual.packed());
    assertEquals(expected.floats().keySet(), actual.floats().keySet());
    expected
        .floats()
        .forEach((name, values) -> assertArrayEquals(values, actual.floats().get(name), name));
  }

  @Test
  void passesTribuosConformanceTests() {
    SubBitTrainer trainer = builder().activations(Activations.BINARY).build();
    Helpers.testConfigurableRoundtrip(trainer);
    Helpers.testProvenanceMarshalling(trainer.getProvenance());
    // Tribuo expects a stored provenance to be the one in memory; Subbit leaves out places by
    // default.
    try (SubBitModel trained = trainer.train(training);
        SubBitModel model = trained.withFullProvenance()) {
      Helpers.testProvenanceMarshalling(model.getProvenance());
      Helpers.testModelProtoSerialization(model, Label.class, held);
    }
  }

  private static NetworkDescription ownNetwork() {
    return new NetworkDescription(
        "own",
        List.of(new Stem(8, 3, 1, 0), new ResidualStage(8, 1, 1), new ResidualStage(12, 1, 2)),
        NetworkDescription.Head.AVERAGE);
  }

  @Test
  void trainsANetworkOfOnesOwn() {
    SubBitTrainer trainer =
        SubBitTrainer.builder(StripedImages.SHAPE)
            .architecture(ownNetwork())
            .tau(4)
            .batchSize(16)
            .epochs(3)
            .threads(1)
            .build();
    Helpers.testConfigurableRoundtrip(trainer);
    Helpers.testProvenanceMarshalling(trainer.getProvenance());
    try (SubBitModel model = trainer.train(training)) {
      assertEquals("own-tau4", model.getName());
      assertEquals("own", model.network().network().name());
      assertEquals(4, model.network().packed().size());
      double accuracy = new LabelEvaluator().evaluate(model, held).accuracy();
      assertTrue(accuracy >= 0.8, "accuracy " + accuracy);

      ConfigurationManager manager = new ConfigurationManager();
      manager.addConfiguration(ProvenanceUtil.extractConfiguration(model.getProvenance()));
      SubBitTrainer rebuilt = manager.lookupAll(SubBitTrainer.class).get(0);
      try (SubBitModel again = rebuilt.train(training)) {
        assertEquals(model.network().network().nodes(), again.network().network().nodes());
        assertEquals(model.network().packed(), again.network().packed());
      }
    }
  }

  @Test
  void refusesANetworkThatDoesNotFitItsImagesBeforeItSeesAny() {
    NetworkDescription huge =
        new NetworkDescription(
            "huge", List.of(new Stem(8192, 3, 1, 0)), NetworkDescription.Head.AVERAGE);
    SubBitTrainerBuilder builder = SubBitTrainer.builder(new ImageShape(3, 224, 224));
    PropertyException e =
        assertThrows(PropertyException.class, () -> builder.architecture(huge).build());
    assertTrue(e.getMsg().contains("architecture is huge"), e.getMsg());
    assertTrue(e.getMsg().contains("'stem.conv'"), e.getMsg());

    SubBitTrainerBuilder both = builder().architecture(ownNetwork());
    PropertyException twice = assertThrows(PropertyException.class, both::build);
    assertTrue(twice.getMsg().contains("beside an architecture, which is 'own'"), twice.getMsg());
  }

  @Test
  void takesImagesOfSeveralChannelsAndOddSizes() {
    ImageShape shape = new ImageShape(3, 7, 5);
    List<Example<Label>> examples = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      byte[] pixels = new byte[shape.size()];
      java.util.Arrays.fill(pixels, (byte) (i % 2 == 0 ? 200 : 20));
      examples.add(
          new dev.subbit.tribuo.data.ImageExample(new Label(Integer.toString(i % 2)), pixels));
    }
    try (SubBitModel model =
        SubBitTrainer.builder(shape)
            .network("resnet8")
            .activations(Activations.BINARY)
            .batchSize(4)
            .epochs(2)
            .threads(1)
            .augmentation(new Augmentation(true, 1))
            .build()
            .train(dataset(examples))) {
      assertEquals(8, model.predict(dataset(examples)).size());
    }
  }

  @Test
  void refusesDataThatCannotBeTrainedOn() {
    SubBitTrainer trainer = builder().build();
    assertMessage("is empty", () -> trainer.train(dataset(List.of())));
    List<Example<Label>> zeros = new ArrayList<>();
    training.forEach(
        example -> {
          if (example.getOutput().getLabel().equals("down")) {
            zeros.add(example);
          }
        });
    assertMessage("only the class", () -> trainer.train(dataset(zeros)));
    assertMessage(
        "batchSize is 16, but the dataset holds only 6",
        () -> trainer.train(dataset(training.getData().subList(0, 6))));
    assertMessage(
        "imageShape",
        () ->
            SubBitTrainer.builder(new ImageShape(1, 5, 5))
                .batchSize(4)
                .threads(1)
                .build()
                .train(training));
    assertMessage(
        "An image of 144 values",
        () ->
            SubBitTrainer.builder(new ImageShape(1, 20, 20))
                .batchSize(4)
                .threads(1)
                .build()
                .train(training));
  }

  private static Dataset<Label> dataset(List<Example<Label>> examples) {
    LabelFactory factory = new LabelFactory();
    return new MutableDataset<>(
        new ListDataSource<>(examples, factory, new SimpleDataSourceProvenance("test", factory)));
  }

  private static void assertMessage(String part, Runnable action) {
    Exception e = assertThrows(IllegalArgumentException.class, action::run);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "tau, 0, 1 to 9",
    "tau, 10, 1 to 9",
    "network, resnet21, resnet20",
    "epochs, 0, 1 and more",
    "batchSize, 1, 2 and more",
    "learningRate, -1, positive",
    "learningRate, NaN, positive",
    "momentum, 1, 0 up to but not 1",
    "weightDecay, -0.1, 0 and positive",
    "labelSmoothing, 1, 0 up to but not 1",
    "gradientClip, -1, 0 and positive",
    "distillationWeight, 1.5, 0 to 1",
    "temperature, 0, positive",
    "floatEpochs, -2, -1 and more",
    "refineInterval, 0, 1 and more",
    "refineRate, 0, positive",
    "threads, -1, 0 (one a processor)"
  })
  void refusesValuesThatAreNotAllowed(String field, String value, String allowed) {
    ConfigurableTrainer configured =
        new ConfigurableTrainer("<property name=\"" + field + "\" value=\"" + value + "\"/>");
    PropertyException e = assertThrows(PropertyException.class, configured::trainer);
    assertTrue(e.getMessage().contains(field), e.getMessage());
    assertTrue(e.getMessage().contains(allowed), e.getMessage());
  }

  /** A trainer configured by an XML file. */
  private record ConfigurableTrainer(String properties) {

    SubBitTrainer trainer() {
      String base =
          List.of("network=resnet8", "tau=4", "batchSize=16", "epochs=1", "threads=1").stream()
              .map(p -> p.split("="))
              .filter(p -> !properties.contains("\"" + p[0] + "\""))
              .map(p -> "<property name=\"" + p[0] + "\" value=\"" + p[1] + "\"/>")
              .reduce("", String::concat);
      String xml =
          "<config><component name=\"trainer\" type=\"dev.subbit.tribuo.training.SubBitTrainer\">"
              + "<propertylist name=\"imageShape\"><item>1</item><item>12</item><item>12</item>"
              + "</propertylist>"
              + base
              + properties
              + "</component></config>";
      try {
        Path file = Files.createTempFile(folder, "trainer", ".xml");
        Files.write(file, xml.getBytes(StandardCharsets.UTF_8));
        return (SubBitTrainer) new ConfigurationManager(file.toString()).lookup("trainer");
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}

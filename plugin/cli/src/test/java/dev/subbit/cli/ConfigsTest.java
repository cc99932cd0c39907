package dev.subbit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.property.SimpleProperty;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import dev.subbit.cli.files.ModelFile;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.CifarFiles;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.data.ImageFolderSource;
import dev.subbit.tribuo.data.Pictures;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.training.QuantizingTrainer;
import dev.subbit.tribuo.training.SubBitTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.Example;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.impl.ArrayExample;

/** The configurations in configs/ do what they say, on files of the published layouts. */
class ConfigsTest {

  private static final Path CONFIGS = Path.of("..", "..", "configs");

  @TempDir private Path folder;

  static List<Path> configs() throws IOException {
    try (Stream<Path> files = Files.list(CONFIGS)) {
      return files.filter(file -> file.toString().endsWith(".xml")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("configs")
  void everyTrainerOfEveryConfigurationIsAllowed(Path config) {
    try (ConfigurationManager manager =
        new ConfigurationManager(config.toAbsolutePath().toString())) {
      if (manager.getGlobalProperty("teacher") != null) {
        // The user's model; the trainer asks only whether there is such a file.
        manager.setGlobalProperty("teacher", config.toAbsolutePath().toString());
      }
      List<String> trainers = manager.listAll(SubBitTrainer.class);
      assertFalse(trainers.isEmpty());
      trainers.forEach(name -> assertTrue(manager.lookup(name) instanceof SubBitTrainer, name));
      assertTrue(manager.getComponentNames().contains("train"));
      assertTrue(manager.getComponentNames().contains("test"));
    }
  }

  private JsonNode train(String config, Path data, int batchSize, String... settings)
      throws IOException {
    return train(config, data, batchSize, List.of(), settings);
  }

  private JsonNode train(
      String config, Path data, int batchSize, List<?> options, String... settings)
      throws IOException {
    Path json = folder.resolve("train.json");
    List<Object> command = new ArrayList<>();
    command.addAll(List.of("train", CONFIGS.resolve(config), "--out", model(), "--json", json));
    command.addAll(List.of("--set", "data=" + data));
    for (String setting :
        List.of("network=resnet8", "epochs=1", "threads=1", "batchSize=" + batchSize)) {
      command.addAll(List.of("--set", "trainer." + setting));
    }
    for (String setting : settings) {
      command.addAll(List.of("--set", setting));
    }
    command.addAll(options);
    CommandRun run = CommandRun.of(command.toArray());
    assertEquals(0, run.code(), run.err());
    return new ObjectMapper().readTree(json.toFile());
  }

  private Path model() {
    return folder.resolve("model.sbm");
  }

  @Test
  void cifar10() throws IOException {
    JsonNode report = train("cifar10.xml", CifarFiles.cifar10(folder.resolve("data"), 10), 16);
    assertEquals(50, report.get("trainImages").asInt());
    assertEquals(10, report.get("testImages").asInt());
  }

  @Test
  void cifar100WithCoarseLabels() throws IOException {
    Path data = CifarFiles.cifar100(folder.resolve("data"), 40, 20);
    JsonNode report = train("cifar100.xml", data, 16, "labels=COARSE");
    assertEquals(40, report.get("trainImages").asInt());
    assertEquals(20, report.get("testImages").asInt());
  }

  @Test
  void imagenet() throws IOException {
    Pictures.folder(folder.resolve("train"), 5);
    Pictures.folder(folder.resolve("val"), 2);
    JsonNode report = train("imagenet.xml", folder, 4);
    assertEquals(10, report.get("trainImages").asInt());
    assertEquals(4, report.get("testImages").asInt());

    // Tribuo's own stored form of 150,528 features would take about 20 MB.
    assertTrue(Files.size(model()) < 500_000, Files.size(model()) + " bytes");
    ImageFolderSource source =
        new ImageFolderSource(folder.resolve("val"), new ImageShape(3, 224, 224), 256);
    Example<Label> inFile = source.iterator().next();
    Example<Label> tribuos = new ArrayExample<>(inFile);
    try (SubBitModel model = (SubBitModel) Model.deserializeFromFile(model())) {
      assertEquals(
          model.predict(inFile).getOutputScores().toString(),
          model.predict(tribuos).getOutputScores().toString());
      assertEquals(150_528, model.predict(inFile).getNumActiveFeatures());
    }
  }

  /** The authors' two stages, an epoch each, on small pictures and with a small teacher. */
  @Test
  void imagenetReactNet() throws IOException {
    Pictures.folder(folder.resolve("train"), 6);
    Pictures.folder(folder.resolve("val"), 2);
    String[] small = {
      "train.imageShape=3,32,32", "train.shorterSide=36",
      "test.imageShape=3,32,32", "test.shorterSide=36",
      "trainer.imageShape=3,32,32"
    };
    List<String> settings = new ArrayList<>(List.of(small));
    settings.add("trainer.weights=FLOAT");
    train("imagenet.xml", folder, 4, settings.toArray(new String[0]));
    Path teacher = Files.move(model(), folder.resolve("teacher.sbm"));

    Path metrics = folder.resolve("metrics.jsonl");
    settings = new ArrayList<>(List.of(small));
    settings.add("teacher=" + teacher);
    JsonNode report =
        train(
            "imagenet-reactnet.xml",
            folder,
            4,
            List.of("--metrics", metrics, "--metrics-steps", "1"),
            settings.toArray(new String[0]));
    assertEquals(12, report.get("trainImages").asInt());
    assertEquals(4, report.get("testImages").asInt());
    List<String> course = new ArrayList<>();
    for (String line : Files.readAllLines(metrics)) {
      JsonNode step = new ObjectMapper().readTree(line);
      if (step.get("type").asText().equals("step")) {
        double share = step.get("learningRate").asDouble() / 0.001;
        course.add(step.get("stage") + ": " + Math.round(3 * share) + "/3");
      }
    }
    assertEquals(List.of("1: 3/3", "1: 2/3", "1: 1/3", "2: 3/3", "2: 2/3", "2: 1/3"), course);

    try (SubBitModel model = ModelFile.load(model())) {
      assertEquals("resnet8-tau5", model.getName());
      assertTrue(model.network().packed().containsKey("stage1.block0.conv1"));
      String trainer = model.getProvenance().getTrainerProvenance().toString();
      assertTrue(trainer.contains("weights=FLOAT") && trainer.contains("weightDecay=1.0E-5"));
      assertTrue(trainer.contains("weights=SUB_BIT") && trainer.contains("weightDecay=0.0"));
    }
  }

  @Test
  void aTestLabelThatIsNotTrainedOnIsNamedBeforeTheTraining() throws IOException {
    Pictures.folder(folder.resolve("train"), 3);
    Pictures.folder(folder.resolve("val"), 1);
    Pictures.write(folder.resolve("val/unseen/image.png"), 9, 9, 0);
    CommandRun run =
        CommandRun.of(
            "train",
            CONFIGS.resolve("imagenet.xml"),
            "--out",
            model(),
            "--set",
            "data=" + folder,
            "--set",
            "trainer.batchSize=2");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("Test image 2 of"), run.err());
    assertTrue(run.err().contains("'unseen'"), run.err());
    assertFalse(Files.exists(model()));
  }

  @Test
  void imagesOfAnotherShapeAreFoundBeforeTheTraining() throws IOException {
    CifarFiles.cifar10(folder.resolve("data"), 10);
    String config = Files.readString(CONFIGS.resolve("cifar10.xml"));
    Path wrong = folder.resolve("wrong.xml");
    Files.writeString(wrong, config.replace("<item>32</item>", "<item>28</item>"));
    CommandRun run =
        CommandRun.of(
            "train",
            wrong,
            "--out",
            model(),
            "--set",
            "data=" + folder.resolve("data"),
            "--set",
            "trainer.batchSize=2");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("imageShape is ImageShape[channels=3, height=28"), run.err());
    assertTrue(run.err().contains("CifarImageSource(CIFAR-10"), run.err());

    Pictures.folder(folder.resolve("train"), 2);
    Pictures.folder(folder.resolve("val"), 2);
    String imagenet = Files.readString(CONFIGS.resolve("imagenet.xml"));
    int test = imagenet.indexOf("<component name=\"test\"");
    int augmentation = imagenet.indexOf("<component name=\"augmentation\"");
    Files.writeString(
        wrong,
        imagenet.substring(0, test)
            + imagenet.substring(test, augmentation).replace("<item>224</item>", "<item>64</item>")
            + imagenet.substring(augmentation));
    CommandRun other = CommandRun.of("train", wrong, "--out", model(), "--set", "data=" + folder);
    assertEquals(1, other.code());
    assertTrue(other.err().contains("height=64"), other.err());
    assertFalse(Files.exists(model()));
  }

  @Test
  void anImageThatCannotBeDecodedIsNamed() throws IOException {
    Pictures.folder(folder.resolve("train"), 3);
    Pictures.folder(folder.resolve("val"), 1);
    Path damaged = Files.write(folder.resolve("train/dark/image_1.jpg"), new byte[100]);
    CommandRun run =
        CommandRun.of(
            "train",
            CONFIGS.resolve("imagenet.xml"),
            "--out",
            model(),
            "--set",
            "data=" + folder,
            "--set",
            "trainer.batchSize=6",
            "--set",
            "trainer.threads=1",
            "--set",
            "trainer.network=resnet8");
    assertEquals(1, run.code());
    assertEquals(1, run.err().lines().filter(line -> line.startsWith("subbit:")).count());
    assertTrue(run.err().contains(damaged.toString()), run.err());
    assertFalse(Files.exists(model()));
  }

  @Test
  void aMissingFolderIsNamed() {
    CommandRun run = CommandRun.of("train", CONFIGS.resolve("cifar10.xml"), "--out", model());
    assertEquals(1, run.code());
    assertTrue(run.err().contains("cifar-10-batches-bin is not a folder"), run.err());
  }

  private static final String BUNDLED = "../../integration-tests/data/fashion-mnist/";

  private static final Map<String, String> SMALL =
      Map.of(
          "train.imagesPath", BUNDLED + "train-images-idx3-ubyte.gz",
          "train.labelsPath", BUNDLED + "train-labels-idx1-ubyte.gz",
          "train.limit", "64",
          "trainer.network", "resnet8",
          "trainer.epochs", "1",
          "trainer.threads", "1",
          "quantizer.calibrationImages", "16");

  private static void assertQuantized(SubBitModel model) {
    assertTrue(model.network().packed().containsKey("stage1.block0.conv1.stage2"));
    assertFalse(model.network().ranges().isEmpty());
    Map<String, ? extends Provenance> instance =
        model.getProvenance().getInstanceProvenance().getMap();
    assertTrue(
        instance
            .keySet()
            .containsAll(
                List.of("quantizer", "calibration-data", "quantized-from", "quantized-layers")),
        instance::toString);
    assertTrue(instance.get("quantized-layers").toString().contains("stage1.block0.conv1.stage2"));
    assertTrue(instance.get("calibration-data").toString().contains("train-images"));
  }

  @Test
  void theQuantizerIsAStepAfterTheTrainer() {
    List<Object> command = new ArrayList<>();
    command.addAll(
        List.of("train", CONFIGS.resolve("fashion-mnist-quantized.xml"), "--out", model()));
    SMALL.forEach((name, value) -> command.addAll(List.of("--set", name + "=" + value)));
    for (String file : List.of("images-idx3", "labels-idx1")) {
      String property = "test." + file.substring(0, 6) + "Path";
      command.addAll(List.of("--set", property + "=" + BUNDLED + "t10k-" + file + "-ubyte.gz"));
    }
    command.addAll(List.of("--set", "test.limit=32"));
    CommandRun run = CommandRun.of(command.toArray());
    assertEquals(0, run.code(), run.err());
    try (SubBitModel model = ModelFile.load(model())) {
      assertQuantized(model);
    }
  }

  @Test
  void thePipelineIsATribuoTrainer() {
    Path config = CONFIGS.resolve("fashion-mnist-quantized.xml");
    try (ConfigurationManager manager =
        new ConfigurationManager(config.toAbsolutePath().toString())) {
      SMALL.forEach(
          (name, value) -> {
            int dot = name.indexOf('.');
            manager.overrideConfigurableProperty(
                name.substring(0, dot), name.substring(dot + 1), new SimpleProperty(value));
          });
      IdxImageSource source = (IdxImageSource) manager.lookup("train");
      QuantizingTrainer pipeline = (QuantizingTrainer) manager.lookup("pipeline");
      try (SubBitModel model = pipeline.train(new MutableDataset<>(source))) {
        assertQuantized(model);
        assertEquals(1, pipeline.getInvocationCount());
        // From the model one can rebuild the trainer that made it.
        ConfigurationManager again = new ConfigurationManager();
        again.addConfiguration(ProvenanceUtil.extractConfiguration(model.getProvenance()));
        QuantizingTrainer rebuilt = again.lookupAll(QuantizingTrainer.class).get(0);
        assertEquals(pipeline.toString(), rebuilt.toString());
      }
    }
  }
}

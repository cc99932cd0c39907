package dev.subbit.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.files.IdxFiles;
import dev.subbit.cli.run.ExportCommand;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that take a saved model: what they print, what they write, how they fail. */
class ModelCommandsTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);
  private static final int IMAGES = 12;

  @TempDir static Path shared;
  private static Path model;
  private static Path data;

  @TempDir Path folder;

  @BeforeAll
  static void writeModelAndImages() throws IOException {
    model = shared.resolve("model.sbm");
    try (SubBitModel random =
        TestModels.model(
            TestModels.network(TestModels.Mode.SUB_BIT, "resnet8", SHAPE),
            TestModels.dataset(SHAPE, IMAGES))) {
      random.serializeToFile(model);
    }
    data = IdxFiles.write(shared.resolve("data"), 8, IMAGES);
  }

  @Test
  void inspectShowsWhatAWeightCosts() throws IOException {
    Path json = folder.resolve("inspect.json");
    CommandRun run = CommandRun.of("inspect", model, "--json", json);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("stage1.block0.conv1"), run.out());

    JsonNode report = new ObjectMapper().readTree(json.toFile());
    JsonNode layer = report.get("layers").get(0);
    assertEquals(TestModels.TAU, layer.get("tau").asInt());
    assertEquals(16 * 16 * TestModels.TAU / 8, layer.get("indexBytes").asInt());
    assertEquals(TestModels.TAU / 9.0, layer.get("bitsPerWeight").asDouble(), 1e-9);
    assertEquals(1 << TestModels.TAU, layer.get("codebook").size());
    assertEquals(TestModels.TAU / 9.0, report.get("size").get("bitsPerWeight").asDouble(), 1e-9);
    assertTrue(report.get("size").get("storedBitsPerWeight").asDouble() > TestModels.TAU / 9.0);
    assertTrue(run.out().contains(" classes, real activations\n"), run.out());
    assertEquals("real", report.get("activations").asText());
  }

  @Test
  void inspectNamesTheActivations() {
    for (String activations : List.of("real", "binary", "int8")) {
      CommandRun run = CommandRun.of("inspect", "fashion-mnist-" + activations + "-tau5");
      String words = activations.replace("int8", "8-bit") + " activations\n";
      assertTrue(run.out().contains(words), run.out() + run.err());
    }
    CommandRun integers = CommandRun.of("inspect", "fashion-mnist-integer-tau5");
    assertTrue(integers.out().contains(", binary activations, in integers\n"), integers.out());
    assertTrue(integers.out().contains("Exported, it computes in integers"), integers.out());
  }

  @Test
  void inspectDrawsCodebooks() {
    CommandRun run = CommandRun.of("inspect", model, "--codebooks");
    assertEquals(0, run.code(), run.err());
    long tileRows = run.out().lines().filter(line -> line.matches("(  [#.]{3}){16}")).count();
    // 32 codewords per layer are two lines of tiles of three rows; resnet8 has six such layers.
    assertEquals(6 * 2 * 3, tileRows);
  }

  @Test
  void inspectCountsANetworkWithoutTraining() throws IOException {
    Path json = folder.resolve("resnet18.json");
    CommandRun run =
        CommandRun.of(
            "inspect",
            "--network",
            "resnet18",
            "--image",
            "3x224x224",
            "--activations",
            "binary",
            "--tau",
            "5",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("in 6.103 Mbit (0.556 bit per weight), 6.108 with"), run.out());
    assertTrue(run.out().contains("0.501 G bit-OPs per image, 1.676 G at one bit"), run.out());

    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertEquals(501_358_592, report.get("bitOps").asLong());
    // 20 convolutions, of them 3 in shortcuts, and the classifier.
    assertEquals(21, report.get("layers").size());
    JsonNode stem = report.get("layers").get(0);
    assertEquals("stem.conv", stem.get("name").asText());
    assertEquals(7, stem.get("kernel").asInt());
    assertEquals(112L * 112 * 3 * 64 * 49, stem.get("floatMacs").asLong());
  }

  @Test
  void inspectCountsANetworkOfAFileAndNamesALayerThatIsWrong() throws IOException {
    String network =
        """
        <config>
          <component name="entry" type="dev.subbit.tribuo.network.Stem">
            <property name="width" value="16"/>
          </component>
          <component name="high" type="dev.subbit.tribuo.network.Convolutions">
            <property name="width" value="32"/>
            <property name="kernel" value="3"/>
          </component>
          <component name="own" type="dev.subbit.tribuo.network.NetworkDescription">
            <propertylist name="layers"><item>entry</item><item>high</item></propertylist>
          </component>
        </config>
        """;
    Path file = Files.writeString(folder.resolve("own.xml"), network);
    CommandRun run = CommandRun.of("inspect", "--network", file, "--image", "3x32x32");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("conv0"), run.out());

    Files.writeString(file, network.replace("value=\"3\"", "value=\"5\""));
    assertWrongUsage(
        "layer 'high': kernel is 5, allowed: one of [1, 3, 7]",
        "inspect",
        "--network",
        file,
        "--image",
        "3x32x32");
    Files.writeString(file, network.replace("<item>high</item>", "<item>higher</item>"));
    assertWrongUsage("higher", "inspect", "--network", file, "--image", "3x32x32");
  }

  @Test
  void inspectNeedsEitherAModelOrANetwork() {
    assertWrongUsage("MODEL", "inspect");
    assertWrongUsage("--image", "inspect", "--network", "resnet20");
    assertWrongUsage("", "inspect", model, "--network", "resnet20", "--image", "1x28x28");
    assertWrongUsage("vgg-small", "inspect", "--network", "vgg16", "--image", "1x28x28");
    assertWrongUsage("3x224x224", "inspect", "--network", "resnet20", "--image", "28x28");
    assertWrongUsage("3x224x224", "inspect", "--network", "resnet20", "--image", "0x28x28");
    assertWrongUsage("tau", "inspect", "--network", "resnet20", "--image", "1x28x28", "--tau", 12);
    assertWrongUsage(
        "--codebooks", "inspect", "--network", "resnet20", "--image", "1x28x28", "--codebooks");
  }

  private static void assertWrongUsage(String part, Object... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertEquals(2, run.code(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }

  @Test
  void exportWritesWhatPredictRuns() throws IOException {
    Path onnx = folder.resolve("model.onnx");
    Path json = folder.resolve("export.json");
    CommandRun run = CommandRun.of("export", model, onnx, "--json", json);
    assertEquals(0, run.code(), run.err());
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertEquals(Files.size(onnx), report.get("bytes").asLong());
    assertEquals(List.of("export.json", "model.onnx"), names(folder));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--inline", "--plain"})
  void exportWritesFilesOfStandardOperators(String form) throws IOException {
    Path onnx = folder.resolve("model.onnx");
    CommandRun run = CommandRun.of("export", model, onnx, form, "--domain", "com.example");
    assertEquals(0, run.code(), run.err());
    ModelProto written = ModelProto.parseFrom(Files.readAllBytes(onnx));
    assertEquals(0, written.getFunctionsCount());
    assertEquals("com.example", written.getDomain());
    assertTrue(
        written.getGraph().getNodeList().stream().allMatch(node -> node.getDomain().isEmpty()));
    assertEquals(
        form.equals("--plain"),
        written.getGraph().getInitializerList().stream()
            .noneMatch(tensor -> tensor.getName().endsWith("/codebook")));
  }

  @Test
  void exportWritesOneFormOnly() {
    assertWrongUsage(
        "mutually exclusive", "export", model, folder.resolve("m.onnx"), "--inline", "--plain");
  }

  @Test
  void onnxFilesAreWrittenInOtherForms() throws IOException {
    Path exported = folder.resolve("exported.onnx");
    Path rewritten = folder.resolve("rewritten.onnx");
    CommandRun.of("export", model, exported);
    CommandRun run = CommandRun.of("export", exported, rewritten, "--plain");
    assertEquals(0, run.code(), run.err());
    ModelProto written = ModelProto.parseFrom(Files.readAllBytes(rewritten));
    assertEquals(0, written.getFunctionsCount());
    assertEquals(ExportCommand.DEFAULT_DOMAIN, written.getDomain());

    assertWrongUsage("ONNX file already", "export", exported, rewritten);
    assertWrongUsage(
        "--domain is for saved models", "export", exported, rewritten, "--inline", "--domain", "x");
    Path text = Files.writeString(folder.resolve("text.onnx"), "no model");
    CommandRun damaged = CommandRun.of("export", text, folder.resolve("out.onnx"), "--inline");
    assertEquals(1, damaged.code());
    assertEquals(1, damaged.err().lines().count(), damaged.err());
    assertTrue(damaged.err().contains(text.toString()), damaged.err());
  }

  @Test
  void predictGivesTheSameLabelsOnBodiesAndKernels() throws IOException {
    for (String backend : List.of("onnxruntime", "native")) {
      CommandRun run =
          CommandRun.of(
              "predict",
              model,
              "--data",
              data,
              "--backend",
              backend,
              "--output",
              folder.resolve(backend + ".txt"),
              "--json",
              folder.resolve(backend + ".json"));
      assertEquals(0, run.code(), run.err());
      JsonNode report = new ObjectMapper().readTree(folder.resolve(backend + ".json").toFile());
      assertEquals(IMAGES, report.get("images").asInt());
      assertEquals(
          (double) report.get("right").asInt() / IMAGES, report.get("accuracy").asDouble(), 1e-9);
    }
    List<String> labels = Files.readAllLines(folder.resolve("onnxruntime.txt"));
    assertEquals(IMAGES, labels.size());
    assertEquals(labels, Files.readAllLines(folder.resolve("native.txt")));
  }

  @Test
  void predictTakesAPairOfFilesAndALimit() {
    CommandRun run =
        CommandRun.of(
            "predict",
            model,
            "--images",
            data.resolve("t10k-images-idx3-ubyte"),
            "--labels",
            data.resolve("t10k-labels-idx1-ubyte.gz"),
            "--limit",
            5);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains(" of 5)"), run.out());
  }

  @Test
  void aLimitOfNoImagesIsWrongUsage() {
    CommandRun run = CommandRun.of("predict", model, "--data", data, "--limit", 0);
    assertEquals(2, run.code());
    assertTrue(run.err().contains("--limit is 0; leave it out to use all images"), run.err());
  }

  @Test
  void predictTakesASourceOfAConfiguration() throws IOException {
    Path config = folder.resolve("images.xml");
    Files.writeString(
        config,
        """
        <config>
          <component name="some" type="dev.subbit.tribuo.data.IdxImageSource">
            <property name="imagesPath" value="%s"/>
            <property name="labelsPath" value="%s"/>
          </component>
        </config>
        """
            .formatted(
                data.resolve("t10k-images-idx3-ubyte"), data.resolve("t10k-labels-idx1-ubyte.gz")));
    CommandRun run = CommandRun.of("predict", model, "--config", config, "--source", "some");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains(" of " + IMAGES + ")"), run.out());

    CommandRun unknown = CommandRun.of("predict", model, "--config", config);
    assertEquals(1, unknown.code());
    assertTrue(unknown.err().contains("'test'") && unknown.err().contains("some"), unknown.err());
  }

  @Test
  void predictRefusesImagesOfAnotherShape() {
    Path larger = Path.of("..", "..", "integration-tests", "data", "fashion-mnist");
    CommandRun run = CommandRun.of("predict", model, "--data", larger);
    assertEquals(1, run.code());
    assertTrue(run.err().contains("the model takes " + SHAPE), run.err());
  }

  @Test
  void predictNeedsImages() {
    assertEquals(2, CommandRun.of("predict", model).code());
    assertEquals(2, CommandRun.of("predict", model, "--images", "x").code());
  }

  @Test
  void predictNamesTheBackendsThereAre() {
    CommandRun run = CommandRun.of("predict", model, "--data", data, "--backend", "abacus");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("abacus") && run.err().contains("native"), run.err());
  }

  @Test
  void severalDevicesShareTheImages() throws IOException {
    Path json = folder.resolve("predict.json");
    CommandRun run =
        CommandRun.of(
            "predict",
            model,
            "--data",
            data,
            "--backend",
            "fpga",
            "--fpga-backend",
            "emulator,emulator",
            "--json",
            json);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("  emulator (2): "), run.out());
    JsonNode devices = new ObjectMapper().readTree(json.toFile()).get("devices");
    int images = devices.get(0).get("images").asInt() + devices.get(1).get("images").asInt();
    // The first run, which is not timed, takes them all as well.
    assertEquals(2 * IMAGES, images);

    CommandRun none =
        CommandRun.of(
            "predict",
            model,
            "--data",
            data,
            "--backend",
            "fpga",
            "--fpga-backend",
            "emulator,board");
    assertEquals(1, none.code());
    assertTrue(none.err().contains("'board'"), none.err());
  }

  @Test
  void fpgaSettingNeedsTheFpga() {
    CommandRun run = CommandRun.of("predict", model, "--data", data, "--fpga-backend", "emulator");
    assertEquals(2, run.code());
    assertTrue(run.err().contains("--backend fpga"), run.err());
  }

  @Test
  void missingImagesNameFolderAndFile() throws IOException {
    CommandRun noFolder = CommandRun.of("predict", model, "--data", folder.resolve("none"));
    assertEquals(1, noFolder.code());
    assertTrue(noFolder.err().contains(folder.resolve("none").toString()), noFolder.err());

    CommandRun noFile = CommandRun.of("predict", model, "--data", folder);
    assertEquals(1, noFile.code());
    assertTrue(noFile.err().contains("t10k-images-idx3-ubyte.gz"), noFile.err());
  }

  @Test
  void truncatedImagesAreNamed() throws IOException {
    Path broken = IdxFiles.write(folder.resolve("broken"), 4, 4);
    Path images = broken.resolve("t10k-images-idx3-ubyte");
    Files.write(images, Arrays.copyOf(Files.readAllBytes(images), 100));
    CommandRun run = CommandRun.of("predict", model, "--data", broken);
    assertEquals(1, run.code());
    assertTrue(run.err().contains(images.toString()), run.err());
  }

  @Test
  void damagedModelIsNamedAndNothingIsWritten() throws IOException {
    Path damaged = folder.resolve("damaged.sbm");
    byte[] bytes = Files.readAllBytes(model);
    Files.write(damaged, Arrays.copyOf(bytes, bytes.length / 2));
    Path onnx = folder.resolve("out.onnx");
    CommandRun run = CommandRun.of("export", damaged, onnx);
    assertEquals(1, run.code());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(damaged.toString()), run.err());
    assertEquals(List.of("damaged.sbm"), names(folder));
  }

  @Test
  void aTextFileIsNoModel() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.txt"), "not a model");
    CommandRun run = CommandRun.of("inspect", text);
    assertEquals(1, run.code());
    assertTrue(run.err().contains(text + " is not a saved model"), run.err());
  }

  @Test
  void unwritableTargetsFailBeforeAnyWork() {
    Path nowhere = folder.resolve("no/such/folder/file");
    for (CommandRun run :
        List.of(
            CommandRun.of("export", model, nowhere),
            CommandRun.of("export", model, folder),
            CommandRun.of("inspect", model, "--json", nowhere),
            CommandRun.of("predict", model, "--data", data, "--output", nowhere),
            CommandRun.of("devices", "--json", nowhere))) {
      assertEquals(1, run.code());
      assertTrue(run.err().startsWith("subbit: Cannot write "), run.err());
      assertEquals("", run.out());
    }
  }

  @Test
  void exportReplacesAnOlderFile() throws IOException {
    Path onnx = Files.writeString(folder.resolve("model.onnx"), "old");
    assertEquals(0, CommandRun.of("export", model, onnx).code());
    Path again = folder.resolve("again.onnx");
    assertEquals(0, CommandRun.of("export", model, again).code());
    assertArrayEquals(Files.readAllBytes(again), Files.readAllBytes(onnx));
  }

  @Test
  void devicesSaysWhyNot() throws IOException {
    Path json = folder.resolve("devices.json");
    CommandRun run = CommandRun.of("devices", "--json", json);
    assertEquals(0, run.code(), run.err());
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    assertTrue(rows.size() >= 2, run.out());
    for (JsonNode row : rows) {
      assertFalse(
          row.get("available").asBoolean() != row.get("reason").asText().isEmpty(),
          () -> "usable without a reason, or not with one: " + row);
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}

package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.Main;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.OnnxClassifier;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/** What the README shows first does what it shows. */
class FirstHourTest {

  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Path BOOT = HOME.resolve("docs/pictures/boot.jpg");
  private static final String MODEL = "fashion-mnist-int8-tau5";
  private static final int LONGEST_SECONDS = 30;

  @TempDir Path folder;

  /** Speeds depend on the machine, and where the images are from decides about a few of them. */
  @Test
  void theQuickDemoPrintsWhatTheReadmeShows() throws Exception {
    String readme = Files.readString(HOME.resolve("README.md"));
    long start = System.nanoTime();
    ChildProcess demo =
        ChildProcess.java(
            folder,
            Map.of(),
            List.of("-Xmx1g"),
            Main.class,
            "demo",
            "--quick",
            "--data",
            HOME.resolve("integration-tests/data/fashion-mnist").toString(),
            "--json",
            "demo.json");
    double seconds = (System.nanoTime() - start) / 1e9;
    assertEquals(0, demo.exitCode(), demo.output());
    assertTrue(seconds < LONGEST_SECONDS, seconds + " s");
    int shown = 0;
    for (String line : demo.output().lines().toList()) {
      if (!line.isBlank() && !line.matches("\\([abc]\\) .*|.*WARNING.*|\\w{3} \\d+, .*")) {
        assertTrue(readme.contains(line), "The README does not show: " + line);
        shown++;
      }
    }
    assertTrue(shown > 15, demo.output());
    JsonNode runs = new ObjectMapper().readTree(folder.resolve("demo.json").toFile()).get("runs");
    assertEquals(3, runs.size());
    for (JsonNode run : runs) {
      assertTrue(run.get("sameBits").asBoolean(), run.toString());
      assertEquals(0.919, run.get("accuracy").asDouble(), 0.02);
    }
    try (Stream<Path> left = Files.list(folder)) {
      List<String> names = left.map(file -> file.getFileName().toString()).sorted().toList();
      assertEquals("demo.json", names.get(0));
      assertEquals(2, names.size(), "besides what the demo printed: " + names);
    }
  }

  @Test
  void pythonClassifiesAPictureByTheMetadataAlone() throws Exception {
    try (SubBitModel model = Zoo.load(MODEL)) {
      model.saveONNXModel("test", 1, folder.resolve("clothes.onnx"));
      Files.copy(BOOT, folder.resolve("boot.jpg"));
      String said = runSnippet("README.md", "custom_metadata_map");
      Label best = model.classify(BOOT).getOutput();
      Matcher answer = Pattern.compile("(.*) ([0-9.e-]+)").matcher(said);
      assertTrue(answer.matches(), said);
      assertEquals(best.getLabel(), answer.group(1));
      // Pillow rounds in other places than Java's scaling does.
      assertEquals(best.getScore(), Double.parseDouble(answer.group(2)), 0.02, said);
    }
  }

  @Test
  void aModelOfAnotherMakerIsGivenItsMetadataInPython() throws Exception {
    Path pets = Files.write(folder.resolve("pets.onnx"), dogWherePicturesAreRed().toByteArray());
    runSnippet("docs/OPERATORS.md", "set_model_props");
    try (OnnxClassifier classifier = OnnxClassifier.read(pets)) {
      Prediction<Label> prediction = classifier.classify(BOOT);
      assertEquals("dog", prediction.getOutput().getLabel());
      double sum =
          prediction.getOutputScores().values().stream().mapToDouble(Label::getScore).sum();
      assertEquals(1, sum, 1e-6, "logits become probabilities");
    }
  }

  /** Logits 0 and the mean of the red channel, which is above 0 on a mostly white picture. */
  private static ModelProto dogWherePicturesAreRed() {
    GraphProto graph =
        GraphProto.newBuilder()
            .setName("pets")
            .addInput(OnnxProtos.value("pixels", DataType.FLOAT, 1, 3, 224, 224))
            .addOutput(OnnxProtos.value("logits", DataType.FLOAT, 1, 2))
            .addInitializer(OnnxProtos.tensor("weights", new float[] {0, 1, 0, 0, 0, 0}, 3, 2))
            .addNode(node("GlobalAveragePool", "mean", "pixels"))
            .addNode(node("Flatten", "row", "mean"))
            .addNode(node("MatMul", "logits", "row", "weights"))
            .build();
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
        .setGraph(graph)
        .build();
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .addAllInput(List.of(inputs))
        .addOutput(output)
        .build();
  }

  /** Runs the Python block of a page that contains a word, and returns what it printed. */
  private String runSnippet(String page, String word) throws Exception {
    Matcher blocks =
        Pattern.compile("(?ms)^```python\\n(.*?)^```$")
            .matcher(Files.readString(HOME.resolve(page)));
    while (blocks.find()) {
      if (blocks.group(1).contains(word)) {
        Path script = Files.writeString(folder.resolve("snippet.py"), blocks.group(1));
        return ForeignRuntime.python().runScript(folder, script);
      }
    }
    throw new AssertionError(page + " has no Python block with " + word);
  }
}

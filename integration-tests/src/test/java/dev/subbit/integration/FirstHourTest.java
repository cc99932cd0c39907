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
import java.io.IOException;
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

  @TempDir Path folder;

  /** Speeds depend on the machine, and where the images are from decides about a few of them. */
  @Test
  void theQuickDemoPrintsWhatTheReadmeShows() throws Exception {
    String readme = Files.readString(HOME.resolve("README.md"));
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
    assertEquals(0, demo.exitCode(), demo.output());
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

  /** The other commands of the first minute, then Python on what the last of them wrote. */
  @Test
  void aPhotoIsClassifiedHereAndByPythonFromTheMetadataAlone() throws Exception {
    Path readme = HOME.resolve("README.md");
    List<String> commands = MarkdownBlocks.of(readme, "").get(0).lines().toList();
    assertTrue(commands.get(0).contains("demo --quick"), commands.toString());
    Path picture = folder.resolve("docs/pictures/boot.jpg");
    Files.createDirectories(picture.getParent());
    Files.copy(BOOT, picture);
    ChildProcess rest =
        ChildProcess.java(
            folder,
            Map.of(),
            List.of(),
            EveryLine.class,
            commands.subList(1, commands.size()).toArray(String[]::new));
    assertEquals(0, rest.exitCode(), rest.output());
    String table = MarkdownBlocks.of(readme, "text").get(1);
    assertTrue(rest.output().contains(table), rest.output());

    Files.copy(BOOT, folder.resolve("boot.jpg"));
    String snippet = snippet("README.md", "custom_metadata_map");
    assertEquals(5, snippet.lines().filter(line -> line.matches("(?!import|from).+")).count());
    String said = run(snippet);
    Matcher answer = Pattern.compile("([0-9.e-]+) (.*)").matcher(said);
    assertTrue(answer.matches(), said);
    try (SubBitModel model = Zoo.load(MODEL)) {
      Label best = model.classify(BOOT).getOutput();
      assertEquals(best.getLabel(), answer.group(2));
      // Pillow rounds in other places than Java's scaling does.
      assertEquals(best.getScore(), Double.parseDouble(answer.group(1)), 0.02, said);
    }
  }

  @Test
  void aModelOfAnotherMakerIsGivenItsMetadataInPython() throws Exception {
    Path pets = Files.write(folder.resolve("pets.onnx"), dogWherePicturesAreRed().toByteArray());
    run(snippet("docs/OPERATORS.md", "set_model_props"));
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

  /** The Python block of a page that contains a word. */
  private static String snippet(String page, String word) throws IOException {
    return MarkdownBlocks.of(HOME.resolve(page), "python").stream()
        .filter(block -> block.contains(word))
        .findFirst()
        .orElseThrow(() -> new AssertionError(page + " has no Python block with " + word));
  }

  /** Runs Python in the folder, and returns what it printed. */
  private String run(String snippet) throws Exception {
    Path script = Files.writeString(folder.resolve("snippet.py"), snippet);
    return ForeignRuntime.python().runScript(folder, script);
  }
}

package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.Main;
import dev.subbit.tribuo.SubBitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Model;

/**
 * The ten-line network of docs/GUIDE.md trains, exports, and gives equal bits on every back end.
 */
class OwnNetworkTest {

  private static final Path HOME = Path.of("").toAbsolutePath().getParent();

  @TempDir static Path folder;
  private static Path models;

  @BeforeAll
  static void train() throws IOException {
    Path data = SmallDataSet.write(folder.resolve("data"), 320, 40);
    models = Files.createDirectory(folder.resolve("models"));
    List<String> blocks = MarkdownBlocks.of(HOME.resolve("docs/GUIDE.md"), "xml");
    assertEquals(10, blocks.get(0).lines().count(), "lines of the network");
    Path own = Files.writeString(folder.resolve("own.xml"), blocks.get(0));
    String images =
        Files.readString(HOME.resolve("configs/accuracy-selection.xml"))
            .replace(".gz", "")
            .replaceFirst("(?s)  <!-- Codewords drawn at random, and kept.*", "");
    Path config =
        Files.writeString(
            folder.resolve("training.xml"),
            images
                + """
                  <file name="own" value="own.xml"/>
                  <component name="trainer" type="dev.subbit.tribuo.training.SubBitTrainer">
                    <property name="architecture" value="own"/>
                    <propertylist name="imageShape"><item>1</item><item>28</item><item>28</item></propertylist>
                    <property name="epochs" value="2"/>
                  </component>
                </config>
                """);
    assertTrue(Files.exists(own));
    for (String activations : List.of("BINARY", "REAL")) {
      run(
          "train",
          config.toString(),
          "--set",
          "data=" + data,
          "--set",
          "trainer.activations=" + activations,
          "--out",
          model(activations));
    }
    run("quantize", model("BINARY"), model("integer"), "--data", data.toString());
    run(
        "quantize",
        model("REAL"),
        folder.resolve("models/int8.sbm").toString(),
        "--data",
        data.toString());
    // Sums of floats differ in their last bits between back ends, so this one is not compared.
    Files.move(models.resolve("REAL.sbm"), folder.resolve("REAL.sbm"));
  }

  private static String model(String name) {
    return models.resolve(name + ".sbm").toString();
  }

  private static void run(String... arguments) {
    assertEquals(0, Main.execute(arguments), String.join(" ", arguments));
  }

  @Test
  void bodiesKernelsPortableKernelsAndEmulatorGiveEqualBits() throws Exception {
    Map<String, Set<String>> digests = new HashMap<>();
    Set<String> backends = new HashSet<>();
    for (Map<String, String> environment :
        List.of(Map.of("SUBBIT_ISA", "portable"), Map.<String, String>of())) {
      ChildProcess run =
          ChildProcess.java(
              folder, environment, List.of("-Xmx1g"), OutputDigests.class, models.toString());
      assertEquals(0, run.exitCode(), run.output());
      run.output()
          .lines()
          .map(line -> line.split(" "))
          .filter(line -> line[0].endsWith(".sbm") && line.length == 3)
          .forEach(
              line -> {
                digests.computeIfAbsent(line[0], any -> new HashSet<>()).add(line[2]);
                backends.add(line[0] + " " + line[1] + environment);
              });
    }
    assertEquals(Set.of("BINARY.sbm", "integer.sbm", "int8.sbm"), digests.keySet());
    assertEquals(3 * 3 * 2, backends.size(), "models, back ends and kernels: " + backends);
    digests.forEach((model, different) -> assertEquals(1, different.size(), model));
  }

  @Test
  void theModelSaysWhatItIs() throws Exception {
    try (SubBitModel model = (SubBitModel) Model.deserializeFromFile(folder.resolve("REAL.sbm"))) {
      assertEquals("own", model.network().network().name());
      assertTrue(model.getProvenance().toString().contains("ResidualStage"));
    }
    Path onnx = folder.resolve("own.onnx");
    run("export", model("BINARY"), onnx.toString());
    assertTrue(Files.size(onnx) > 0);
    run("inspect", onnx.toString());
  }
}

package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.OnnxProtos;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of docs/GUIDE.md, run one after the other in a folder as the page describes it, then
 * its Java.
 */
class GuideTest {

  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Path GUIDE = HOME.resolve("docs/GUIDE.md");
  private static final int PICTURES_PER_CLASS = 12;

  @TempDir private Path folder;

  @Test
  void everyCommandDoesWhatThePageSays() throws Exception {
    writePhotos();
    Files.copy(HOME.resolve("docs/pictures/boot.jpg"), folder.resolve("photo.jpg"));
    Files.write(folder.resolve("net.onnx"), twoConvolutions().toByteArray());
    Files.writeString(folder.resolve("own.xml"), MarkdownBlocks.of(GUIDE, "xml").get(0));
    compileSnippets();
    List<String> commands = commands();
    assertTrue(commands.size() > 10, commands.toString());
    ChildProcess guide =
        ChildProcess.java(
            folder,
            Map.of("TF_CPP_MIN_LOG_LEVEL", "2"),
            List.of("-Xmx2g"),
            EveryLine.class,
            commands.toArray(String[]::new));
    assertEquals(0, guide.exitCode(), guide.output());
    for (String file :
        List.of(
            "photos.sbm", "small.sbm", "binary.sbm", "own.sbm", "answers.tsv", "net-subbit.onnx")) {
      assertTrue(Files.size(folder.resolve(file)) > 0, file);
    }
    // The scores that the first lines of Java print, and the labels that the second print.
    assertTrue(guide.output().matches("(?s).*\\R(flat|striped)\\R(flat|striped) [0-9.E-]+\\R.*"));
    long labels = guide.output().lines().filter(line -> line.matches("\\(.*,[0-9.E-]+\\)")).count();
    assertEquals(2 * PICTURES_PER_CLASS, labels, guide.output());
    assertEquals(2 * PICTURES_PER_CLASS, Files.readAllLines(folder.resolve("answers.tsv")).size());
    assertTrue(
        Files.size(folder.resolve("net-subbit.onnx")) < Files.size(folder.resolve("net.onnx")) / 2,
        "smaller");
  }

  private static List<String> commands() throws IOException {
    return MarkdownBlocks.of(GUIDE, "").stream().flatMap(String::lines).toList();
  }

  /** Compiles the page's Java, with what it leaves to its reader, into the folder. */
  private void compileSnippets() throws IOException {
    StringBuilder source = new StringBuilder();
    for (String packageName :
        List.of(
            "dev.subbit.tribuo",
            "dev.subbit.tribuo.data",
            "dev.subbit.tribuo.zoo",
            "java.nio.file",
            "java.util",
            "org.tribuo",
            "org.tribuo.classification")) {
      source.append("import ").append(packageName).append(".*;\n");
    }
    source.append(
        "public class Snippets {\npublic static void main(String[] a) throws Exception {\n");
    for (String block : MarkdownBlocks.of(GUIDE, "java")) {
      source.append("{\n").append(block).append("}\n");
    }
    source.append("}\n}\n");
    Path file = Files.writeString(folder.resolve("Snippets.java"), source);
    String classes = folder.resolve(EveryLine.SNIPPETS).toString();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(null, said, said, "-proc:none", "-d", classes, file.toString());
    assertEquals(0, code, said::toString);
  }

  private void writePhotos() throws IOException {
    Random random = new Random(1);
    for (String name : List.of("flat", "striped")) {
      Path classFolder = Files.createDirectories(folder.resolve("photos").resolve(name));
      for (int i = 0; i < PICTURES_PER_CLASS; i++) {
        BufferedImage image = new BufferedImage(60, 50, BufferedImage.TYPE_INT_RGB);
        int colour = random.nextInt(0x1000000);
        for (int y = 0; y < 50; y++) {
          for (int x = 0; x < 60; x++) {
            image.setRGB(x, y, name.equals("striped") && x / 5 % 2 == 0 ? ~colour : colour);
          }
        }
        ImageIO.write(image, "png", classFolder.resolve(i + ".png").toFile());
      }
    }
  }

  /** A small network of another maker: two 3x3 convolutions, and a mean over the image. */
  private static ModelProto twoConvolutions() {
    Random random = new Random(2);
    GraphProto graph =
        GraphProto.newBuilder()
            .setName("net")
            .addInput(OnnxProtos.value("pixels", DataType.FLOAT, 1, 3, 32, 32))
            .addOutput(OnnxProtos.value("scores", DataType.FLOAT, 1, 64))
            .addInitializer(OnnxProtos.tensor("first", random(random, 64 * 3 * 9), 64, 3, 3, 3))
            .addInitializer(OnnxProtos.tensor("second", random(random, 64 * 64 * 9), 64, 64, 3, 3))
            .addNode(conv("conv1", "pixels", "first"))
            .addNode(node("Relu", "relu", "conv1"))
            .addNode(conv("conv2", "relu", "second"))
            .addNode(node("GlobalAveragePool", "mean", "conv2"))
            .addNode(node("Flatten", "scores", "mean"))
            .build();
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
        .setGraph(graph)
        .build();
  }

  private static float[] random(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() * 0.1f;
    }
    return values;
  }

  private static NodeProto conv(String name, String input, String weights) {
    return node("Conv", name, input, weights).toBuilder()
        .addAttribute(OnnxProtos.attribute("pads", 1, 1, 1, 1))
        .build();
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setName(output)
        .setOpType(operator)
        .addAllInput(List.of(inputs))
        .addOutput(output)
        .build();
  }
}

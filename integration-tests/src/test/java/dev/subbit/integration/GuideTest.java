package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.cli.Main;
import dev.subbit.onnx.OnnxProtos;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of docs/GUIDE.md, run one after the other in a folder as the page describes it. */
class GuideTest {

  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final int PICTURES_PER_CLASS = 12;

  @TempDir Path folder;

  @Test
  void everyCommandDoesWhatThePageSays() throws Exception {
    writePhotos();
    Files.copy(HOME.resolve("docs/pictures/boot.jpg"), folder.resolve("photo.jpg"));
    Files.write(folder.resolve("net.onnx"), twoConvolutions().toByteArray());
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
        List.of("photos.sbm", "small.sbm", "binary.sbm", "answers.tsv", "net-subbit.onnx")) {
      assertTrue(Files.size(folder.resolve(file)) > 0, file);
    }
    assertEquals(2 * PICTURES_PER_CLASS, Files.readAllLines(folder.resolve("answers.tsv")).size());
    assertTrue(
        Files.size(folder.resolve("net-subbit.onnx")) < Files.size(folder.resolve("net.onnx")) / 2,
        "smaller");
  }

  private static List<String> commands() throws IOException {
    List<String> commands = new ArrayList<>();
    Matcher blocks =
        Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$")
            .matcher(Files.readString(HOME.resolve("docs/GUIDE.md")));
    while (blocks.find()) {
      if (blocks.group(1).isEmpty()) {
        blocks.group(2).lines().forEach(commands::add);
      }
    }
    return commands;
  }

  /** Runs command lines in one process; ends with the exit code of the first that fails. */
  static final class EveryLine {

    private EveryLine() {}

    public static void main(String[] lines) {
      for (String line : lines) {
        System.out.println("$ " + line);
        String[] words = line.strip().split("\\s+");
        int code = Main.execute(Arrays.copyOfRange(words, 1, words.length));
        if (code != 0) {
          System.exit(code);
        }
      }
      System.exit(0);
    }
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

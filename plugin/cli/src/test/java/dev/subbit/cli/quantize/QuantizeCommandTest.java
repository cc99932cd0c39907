package dev.subbit.cli.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.CommandRun;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code subbit quantize} with ONNX files. */
class QuantizeCommandTest {

  @TempDir private Path folder;
  private Path in;
  private Path out;

  @BeforeEach
  void writeModel() throws IOException {
    in = folder.resolve("in.onnx");
    out = folder.resolve("out.onnx");
    writeModel(3, 16);
  }

  /** Writes a model of one convolution. */
  private void writeModel(int inputs, int outputs) throws IOException {
    SplittableRandom rng = new SplittableRandom(1);
    float[] weights = new float[outputs * inputs * 9];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) rng.nextDouble(-1, 1);
    }
    GraphProto graph =
        GraphProto.newBuilder()
            .setName("g")
            .addInput(OnnxProtos.value("image", TensorProto.DataType.FLOAT, -1, inputs, -1, -1))
            .addOutput(OnnxProtos.value("y", TensorProto.DataType.FLOAT, -1, outputs, -1, -1))
            .addInitializer(OnnxProtos.tensor("w", weights, outputs, inputs, 3, 3))
            .addNode(
                NodeProto.newBuilder()
                    .setOpType("Conv")
                    .addInput("image")
                    .addInput("w")
                    .addOutput("y"))
            .build();
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(7).setGraph(graph);
    model.addOpsetImportBuilder().setVersion(12);
    Files.write(in, model.build().toByteArray());
  }

  private Path npy(String type, int bytesEach, int... shape) throws IOException {
    StringBuilder dimensions = new StringBuilder();
    int count = 1;
    for (int dimension : shape) {
      dimensions.append(dimension).append(", ");
      count *= dimension;
    }
    String header =
        "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + dimensions + "), }\n";
    ByteBuffer buffer =
        ByteBuffer.allocate(10 + header.length() + count * bytesEach)
            .order(ByteOrder.LITTLE_ENDIAN);
    buffer.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    buffer.putShort((short) header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
    SplittableRandom rng = new SplittableRandom(2);
    for (int i = 0; i < count; i++) {
      if (bytesEach == Double.BYTES) {
        buffer.putDouble(rng.nextDouble(-1, 1));
      } else {
        buffer.putFloat((float) rng.nextDouble(-1, 1));
      }
    }
    Path file = folder.resolve("samples.npy");
    Files.write(file, buffer.array());
    return file;
  }

  private CommandRun quantize(String... options) {
    Stream<Object> all = Stream.concat(Stream.of("quantize", in, out), Stream.of(options));
    return CommandRun.of(all.toArray());
  }

  @Test
  void writesTheModelAndSaysWhatItCost() throws IOException {
    Path json = folder.resolve("out.json");
    CommandRun run =
        quantize(
            "--inputs",
            npy("<f8", 8, 4, 3, 9, 9).toString(),
            "--stages",
            "2",
            "--at-a-loss",
            "--json",
            json.toString());
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Quantized 1 of 1 convolutions"), run.out());
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(out));
    assertEquals("SubBitWeights", model.getGraph().getNode(0).getOpType());
    assertEquals("Conv", model.getGraph().getNode(1).getOpType());
    assertEquals(1, model.getFunctionsCount());
    JsonNode results = new ObjectMapper().readTree(json.toFile());
    JsonNode fitted = results.get("layers").get(0);
    assertEquals(2, fitted.get("stages").asInt());
    assertEquals(10 / 9.0, fitted.get("bitsPerWeight").asDouble(), 1e-9);
    double stored = 8.0 * fitted.get("bytesAfter").asLong() / (16 * 3 * 9);
    assertEquals(stored, fitted.get("storedBitsPerWeight").asDouble(), 1e-9);
    assertTrue(results.get("outputs").get(0).get("signalToNoise").asDouble() > 2);
    assertTrue(results.get("heldOut").asBoolean());
    assertEquals(1, results.get("measuredSamples").asInt(), "of eight samples, one");
    assertFalse(results.get("verdict").get("worthIt").asBoolean());
    assertTrue(run.out().contains("Measured on 1 held-out samples: too few"), run.out());
    assertTrue(run.out().contains("Not worth it: int8 weights"), run.out());

    CommandRun inspect = CommandRun.of("inspect", out, "--codebooks", "--json", json);
    assertEquals(0, inspect.code(), inspect.err());
    assertTrue(inspect.out().contains("1 of them sub-bit convolutions"), inspect.out());
    assertTrue(inspect.out().contains("y/weights, stage 2"), inspect.out());
    JsonNode layer = new ObjectMapper().readTree(json.toFile()).get("layers").get(0);
    assertEquals(2, layer.get("stages").asInt());
    assertEquals(64, layer.get("codebook").size());
    assertEquals(16, layer.get("outChannels").asInt());
    assertEquals(10 / 9.0, layer.get("bitsPerWeight").asDouble(), 1e-9);
    assertTrue(layer.get("storedBitsPerWeight").asDouble() > layer.get("bitsPerWeight").asDouble());
  }

  @Test
  void theSizeBeforeIncludesTheDataBesideTheFile() throws IOException {
    ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(in)).toBuilder();
    TensorProto.Builder weights = model.getGraphBuilder().getInitializerBuilder(0);
    Files.write(folder.resolve("weights.bin"), weights.getRawData().toByteArray());
    weights.clearRawData().setDataLocation(TensorProto.DataLocation.EXTERNAL);
    weights.addExternalDataBuilder().setKey("location").setValue("weights.bin");
    Files.write(in, model.build().toByteArray());
    CommandRun run = quantize("--random", "2", "--shape", "3x9x9");
    assertEquals(0, run.code(), run.err());
    long before = Files.size(in) + 16 * 3 * 9 * Float.BYTES;
    assertTrue(run.out().contains(String.format("was %,d).", before)), run.out());
  }

  @Test
  void aModelIsNotReplacedByItsOwnQuantization() throws IOException {
    byte[] model = Files.readAllBytes(in);
    Path link = Files.createSymbolicLink(folder.resolve("link.onnx"), in);
    CommandRun run = CommandRun.of("quantize", in, link, "--random", "2", "--shape", "3x9x9");
    assertEquals(1, run.code(), run.out());
    assertTrue(run.err().contains("it is the file that is read"), run.err());
    assertArrayEquals(model, Files.readAllBytes(in));
  }

  @Test
  void givesEightBitActivationsOnRequest() throws IOException {
    Path json = folder.resolve("out.json");
    CommandRun run =
        quantize("--random", "2", "--shape", "3x12x12", "--int8", "--json", json.toString());
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("with float activations"), run.out());
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(out));
    assertEquals("QLinearSubBitConv", model.getGraph().getNode(1).getOpType());
    JsonNode results = new ObjectMapper().readTree(json.toFile());
    double before =
        results.get("outputsWithFloatActivations").get(0).get("signalToNoise").asDouble();
    double after = results.get("outputs").get(0).get("signalToNoise").asDouble();
    assertTrue(after > before - 0.5 && after != before, before + " dB, then " + after);
    JsonNode time = results.get("times").get(0);
    assertEquals(results.get("layers").get(0).get("name"), time.get("name"));
    assertTrue(time.get("microsecondsBefore").asDouble() > 0);
    assertTrue(time.get("microsecondsAfter").asDouble() > 0);
  }

  @Test
  void writesStagesInEightBitsAsOneConvolutionUnlessTheFpgaIsToRunThem() throws IOException {
    Path json = folder.resolve("out.json");
    assertEquals(
        List.of("QuantizeLinear", "SubBitWeights", "Cast", "QLinearConv", "DequantizeLinear"),
        ofTwoStagesInEightBits("--json", json.toString()));
    JsonNode fitted = new ObjectMapper().readTree(json.toFile()).get("layers").get(0);
    assertEquals(0, CommandRun.of("inspect", out, "--json", json).code());
    JsonNode inspected = new ObjectMapper().readTree(json.toFile()).get("layers").get(0);
    assertEquals(
        fitted.get("bytesAfter").asLong(),
        inspected.get("bytes").asLong() + 4 * 16,
        "the biases are the convolution's");

    assertEquals(
        List.of("QuantizeLinear", "QLinearSubBitConv", "QLinearSubBitBlock", "DequantizeLinear"),
        ofTwoStagesInEightBits("--fpga"));
  }

  /** Quantizes in two stages and 8 bits; the operators of the result. */
  private List<String> ofTwoStagesInEightBits(String... others) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--random", "2", "--shape", "3x12x12", "--stages", "2", "--int8", "--at-a-loss"));
    arguments.addAll(List.of(others));
    CommandRun run = quantize(arguments.toArray(String[]::new));
    assertEquals(0, run.code(), run.err());
    return TinyGraph.opTypes(ModelProto.parseFrom(Files.readAllBytes(out)).getGraph());
  }

  @Test
  void saysWhichOptionsOfSavedModelsContradict() {
    in = folder.resolve("in.sbm");
    out = folder.resolve("out.sbm");
    assertRefused("exclude each other", 2, "--int8", "--float-activations");
    assertRefused("allowed are 0 to 1", 2, "--tune", "1", "--labels", "1.5");
    assertRefused("give --tune EPOCHS too", 2, "--labels", "1");
  }

  @Test
  void trainsOnRequestAndSaysWhatItCameTo() throws IOException {
    Path json = folder.resolve("out.json");
    CommandRun run =
        quantize(
            "--inputs",
            npy("<f4", 4, 60, 3, 9, 9).toString(),
            "--tune",
            "3",
            "--threads",
            "1",
            "--json",
            json.toString());
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Trained for 3 passes"), run.out());
    JsonNode passes = new ObjectMapper().readTree(json.toFile()).get("passes");
    assertEquals(4, passes.size());
    assertTrue(passes.get(0).get("loss").isNull(), "nothing was minimised before the first pass");
    // One convolution is fitted as well as it can be; training may find nothing better elsewhere.
    double first = passes.get(1).get("loss").asDouble();
    assertTrue(passes.get(3).get("loss").asDouble() < first, passes.toString());
    byte[] trained = Files.readAllBytes(out);
    assertEquals(0, quantize("--inputs", folder.resolve("samples.npy").toString()).code());
    assertEquals(
        run.out().contains("the fit is kept"), Arrays.equals(trained, Files.readAllBytes(out)));
  }

  @Test
  void saysWhyAnOnnxModelIsNotTrained() throws IOException {
    String inputs = npy("<f4", 4, 12, 3, 9, 9).toString();
    assertRefused("give --tune EPOCHS too", 2, "--inputs", inputs, "--labels", "1");
    assertRefused("--max-drop takes many", 2, "--inputs", inputs, "--tune", "1", "--max-drop", "1");
    assertRefused("rate is 0.0", 2, "--inputs", inputs, "--tune", "1", "--tune-rate", "0");
    assertRefused(
        "of other inputs there are none", 1, "--inputs", inputs, "--tune", "1", "--labels", "1");
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(in));
    ModelProto.Builder rounding = model.toBuilder();
    rounding.getGraphBuilder().getNodeBuilder(0).setOutput(0, "sums");
    rounding
        .getGraphBuilder()
        .addNode(
            NodeProto.newBuilder()
                .setName("steps")
                .setOpType("Round")
                .addInput("sums")
                .addOutput("y"));
    Files.write(in, rounding.build().toByteArray());
    assertRefused(
        "Node 'steps' (Round) cannot be trained through",
        1,
        "--inputs",
        inputs,
        "--tune",
        "1",
        "--threads",
        "1");
  }

  @Test
  void leavesAPageThatIsWellFormed() throws Exception {
    Path page = folder.resolve("page.html");
    CommandRun run = quantize("--random", "2", "--shape", "3x12x12", "--report", page.toString());
    assertEquals(0, run.code(), run.err());
    String text = Files.readString(page).replace("<!DOCTYPE html>", "");
    javax.xml.parsers.DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new org.xml.sax.InputSource(new java.io.StringReader(text)));
    assertTrue(text.contains("1 of 1 convolutions"), text);
  }

  @Test
  void saysWhatIsWrongAndLeavesNoFile() throws IOException {
    assertRefused("nothing to calibrate on", 2);
    assertRefused("several calibrations", 2, "--random", "3", "--data", "x");
    assertRefused("say with --shape which size", 1, "--random", "3");
    assertRefused("contradicts", 1, "--random", "3", "--shape", "4x8x8");
    assertRefused("'3x?' is not a shape", 2, "--random", "3", "--shape", "3x?");
    assertRefused("There is no file", 1, "--inputs", "missing.npy");
    assertRefused("has no input 'z'", 1, "--inputs", "z=" + npy("<f4", 4, 4, 3, 9, 9));
    assertRefused("takes FLOAT [?, 3, ?, ?]", 1, "--inputs", npy("<f4", 4, 4, 5, 9, 9).toString());
    assertRefused("elements of type '<c8'", 1, "--inputs", npy("<c8", 8, 4, 3, 9, 9).toString());
    assertRefused("tau is 12", 2, "--random", "3", "--tau", "12");
    assertRefused("number of stages is 9", 2, "--random", "3", "--stages", "9");
    assertRefused("There is no folder", 1, "--pictures", folder.resolve("none").toString());
    try (Stream<Path> files = Files.list(folder)) {
      assertTrue(
          files.noneMatch(file -> file.toString().endsWith(".part")), "nothing half-written");
    }
  }

  private void assertRefused(String part, int code, String... options) {
    CommandRun run = quantize(options);
    assertEquals(code, run.code(), run.err());
    assertTrue(run.err().contains(part), run.err());
    assertFalse(Files.exists(out));
  }

  @Test
  void theFormForTheFpgaIsOneOfEightBits() {
    assertRefused("give both", 2, "--random", "2", "--fpga");
  }

  @Test
  void warnsOfRandomCalibration() {
    CommandRun run = quantize("--random", "3", "--shape", "3x12x12");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.err().contains("fitted to noise"), run.err());
  }

  @Test
  void picturesAreScaledToTheInput() throws IOException {
    Path pictures = Files.createDirectories(folder.resolve("pictures/inner"));
    java.awt.image.BufferedImage image =
        new java.awt.image.BufferedImage(40, 30, java.awt.image.BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 40 * 30; i++) {
      image.setRGB(i % 40, i / 40, i * 7919);
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    javax.imageio.ImageIO.write(image, "png", png);
    Files.write(pictures.resolve("a.png"), png.toByteArray());
    CommandRun run =
        quantize(
            "--pictures",
            folder.resolve("pictures").toString(),
            "--shape",
            "3x16x16",
            "--mean",
            "0.4,0.5,0.6",
            "--std",
            "0.2");
    assertEquals(0, run.code(), run.err());
    Files.delete(out);
    String[] tooLarge = {"--pictures", pictures.toString(), "--shape", "3x8x8", "--scale", "1e18"};
    assertRefused("overflow cannot be quantized, nor one whose squares do", 1, tooLarge);
  }

  private ModelProto.Builder input() throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(in)).toBuilder();
  }

  @Test
  void whereNothingIsConvertedTheOutputIsTheInput() throws IOException {
    ModelProto.Builder old = input().setIrVersion(3);
    old.getOpsetImportBuilder(0).setVersion(9);
    old.getGraphBuilder().addInput(OnnxProtos.value("w", TensorProto.DataType.FLOAT, 16, 3, 3, 3));
    Files.write(in, old.build().toByteArray());
    CommandRun run = quantize("--random", "3", "--shape", "3x12x12", "--keep-float", ".");
    assertEquals(0, run.code(), run.err());
    assertEquals(-1, Files.mismatch(in, out), "byte for byte");
    assertTrue(run.out().contains("Quantized 0 of 1 convolutions"), run.out());
    assertFalse(run.out().contains("SNR"), run.out());
    assertTrue(run.out().contains("int8 weights are the better choice"), run.out());
  }

  @Test
  void oldOperatorSetsAndFileVersionsAreQuantized() throws IOException {
    ModelProto.Builder old = input().setIrVersion(3);
    old.getOpsetImportBuilder(0).setVersion(7);
    old.getGraphBuilder().addInput(OnnxProtos.value("w", TensorProto.DataType.FLOAT, 16, 3, 3, 3));
    Files.write(in, old.build().toByteArray());
    CommandRun run = quantize("--random", "5", "--shape", "3x12x12");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Quantized 1 of 1 convolutions"), run.out());
  }

  @Test
  void anInputWithoutAnyShapeTakesThatOfTheUser() throws IOException {
    ModelProto.Builder open = input();
    open.getGraphBuilder()
        .setInput(0, OnnxProtos.valueOfAnyShape("image", TensorProto.DataType.FLOAT));
    Files.write(in, open.build().toByteArray());
    assertRefused("has no shape in the model", 1, "--random", "3");
    CommandRun run =
        quantize("--random", "10", "--shape", "3x12x12", "--metric", "cosine", "--max-drop", "90");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("of the samples nearest to themselves"), run.out());
  }

  @Test
  void theSmallestFileNeedsADrop() throws IOException {
    CommandRun run =
        quantize("--inputs", npy("<f8", 8, 4, 3, 9, 9).toString(), "--smallest", "--rounds", "1");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("give --max-drop PERCENT too"), run.err());
  }

  @Test
  void wideLayersOfSeveralStagesAreOneOperatorThatEveryCommandReads() throws IOException {
    writeModel(16, 256);
    String inputs = npy("<f4", 4, 12, 16, 9, 9).toString();
    CommandRun run = quantize("--inputs", inputs, "--stages", "2");
    assertEquals(0, run.code(), run.err());
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(out));
    assertEquals("StagedSubBitConv", model.getGraph().getNode(0).getOpType());
    assertEquals(2, model.getFunctionsCount());

    Path json = folder.resolve("out.json");
    CommandRun inspect = CommandRun.of("inspect", out, "--codebooks", "--json", json);
    assertEquals(0, inspect.code(), inspect.err());
    assertTrue(inspect.out().contains("y, stage 2"), inspect.out());
    JsonNode layer = new ObjectMapper().readTree(json.toFile()).get("layers").get(0);
    assertEquals("StagedSubBitConv", layer.get("operator").asText());
    assertEquals(2, layer.get("stages").asInt());
    assertEquals(
        2 * (5 * 512 + 32 * 9 + 256 * 4) + 256 * 4,
        layer.get("bytes").asInt(),
        "planes, codewords and scales of each stage, and biases");

    Path plain = folder.resolve("plain.onnx");
    CommandRun export = CommandRun.of("export", out, plain, "--plain");
    assertEquals(0, export.code(), export.err());
    ModelProto rewritten = ModelProto.parseFrom(Files.readAllBytes(plain));
    assertEquals("Conv", rewritten.getGraph().getNode(0).getOpType());
    assertEquals(0, rewritten.getFunctionsCount());

    Path again = folder.resolve("again.onnx");
    CommandRun requantized =
        CommandRun.of("quantize", out, again, "--inputs", inputs, "--stages", "1");
    assertEquals(0, requantized.code(), requantized.err());
    assertArrayEquals(
        Files.readAllBytes(out), Files.readAllBytes(again), "no Conv is left to convert");

    ModelProto.Builder damaged = model.toBuilder();
    damaged.getGraphBuilder().getInitializerBuilder(0).clearRawData();
    Files.write(again, damaged.build().toByteArray());
    CommandRun refused = CommandRun.of("inspect", again);
    assertTrue(refused.code() != 0);
    assertTrue(refused.err().contains("Node 'y': A node StagedSubBitConv reads"), refused.err());
  }

  @Test
  void codewordsOfNumbersHaveNoEightBitForm() throws IOException {
    CommandRun run =
        quantize("--inputs", npy("<f8", 8, 4, 3, 9, 9).toString(), "--codewords", "int8", "--int8");
    assertTrue(run.code() != 0);
    assertTrue(run.err().contains("8-bit activations need codewords of signs"), run.err());
  }

  @Test
  void codewordsOfNumbersAndFourBitsAreWritten() throws IOException {
    CommandRun run =
        quantize(
            "--inputs",
            npy("<f8", 8, 40, 3, 9, 9).toString(),
            "--codewords",
            "int8",
            "--rest",
            "int4",
            "--at-a-loss");
    assertEquals(0, run.code(), run.err());
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(out));
    assertEquals("SubBitWeights", model.getGraph().getNode(0).getOpType());
    CommandRun inspect = CommandRun.of("inspect", out, "--codebooks");
    assertEquals(0, inspect.code(), inspect.err());
    assertTrue(inspect.out().contains("SubBitWeights"), inspect.out());
  }

  @Test
  void layersThatTheTimeDoesNotReachAreNamed() throws IOException {
    String inputs = npy("<f8", 8, 400, 3, 9, 9).toString();
    CommandRun run = quantize("--inputs", inputs, "--at-a-loss", "--minutes", "0.00001");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("The time was over before these layers were fitted"), run.out());
    assertTrue(quantize("--inputs", inputs, "--minutes", "0").err().contains("more than 0"));
  }
}

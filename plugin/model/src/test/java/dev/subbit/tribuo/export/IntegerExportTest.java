package dev.subbit.tribuo.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.SubBitSessions;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks in integers as ONNX: the integers of the reference, to the bit, on every back end. */
class IntegerExportTest {

  private static final ImageShape SHAPE = new ImageShape(2, 11, 9);

  private static List<NodeProto> nodes(ModelProto model) {
    return model.getGraph().getNodeList().stream()
        .filter(node -> node.getDomain().equals("dev.subbit"))
        .toList();
  }

  private static int[] everyPixel(TrainedNetwork trained) {
    return NodeValues.everyPixel(trained.network().input().size());
  }

  @Test
  void aNetworkIsOneNodeBetweenPixelsAndProbabilities() {
    TrainedNetwork trained = IntegerNetworks.named("resnet8", SHAPE, 16, 5);
    ModelProto model = OnnxExporter.export(trained, everyPixel(trained));
    assertEquals(
        List.of("Reshape", "IntegerNetwork", "Softmax"),
        model.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList());
    assertEquals(
        model.toByteString(), OnnxExporter.export(trained, everyPixel(trained)).toByteString());
  }

  @Test
  void exportsOneNodePerLayerWhereAskedTo() {
    TrainedNetwork trained = IntegerNetworks.named("vgg-small", new ImageShape(1, 6, 5), 16, 5);
    List<NodeProto> nodes = nodes(OnnxExporter.exportByLayer(trained, everyPixel(trained)));
    assertEquals(
        List.of(
            "IntegerStem image -> conv0",
            "IntegerSubBitConv conv0 -> conv1",
            "IntegerSubBitConv conv1 -> conv2",
            "IntegerSubBitConv conv2 -> conv3",
            "IntegerSubBitConv conv3 -> conv4",
            "IntegerSubBitConv conv4 -> conv5",
            "IntegerClassifier conv5 -> classifier"),
        nodes.stream()
            .map(n -> n.getOpType() + " " + n.getInput(0) + " -> " + n.getOutput(0))
            .toList());
    TrainedNetwork floats = IntegerNetworks.inFloats(trained);
    assertThrows(
        IllegalArgumentException.class,
        () -> OnnxExporter.exportByLayer(floats, everyPixel(trained)));
  }

  @ParameterizedTest
  @CsvSource({"resnet8, 16", "resnet8, 12", "vgg-small, 16"})
  void namedNetworksGiveTheReferencesIntegersAtEveryLayer(String name, int width)
      throws OrtException {
    assertGivesTheReferencesIntegers(
        IntegerNetworks.named(name, new ImageShape(1, 9, 7), width, 5));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void randomNetworksGiveTheReferencesIntegersAtEveryLayer(int seed) throws OrtException {
    assertGivesTheReferencesIntegers(
        IntegerNetworks.quantized(
            IntegerNetworks.anyNetwork(new Random(seed)), seed % 2 == 0 ? 16 : 11, seed));
  }

  private static void assertGivesTheReferencesIntegers(TrainedNetwork trained) throws OrtException {
    ReferenceIntegers reference = new ReferenceIntegers(trained);
    List<String> nodes = reference.parts().stream().map(IntegerPart::value).toList();
    String logits = trained.network().output().name();
    float[] image = RandomNetworks.image(trained.network().input(), new Random(3));
    Map<String, float[]> expected = reference.run(image);
    for (ExecutionBackend backend : NodeValues.backends()) {
      Map<String, float[]> actual = NodeValues.of(trained, nodes, image, backend);
      for (String node : nodes) {
        assertArrayEquals(expected.get(node), actual.get(node), backend.name() + " at " + node);
      }
      // Logits alone are those of the network as one node.
      assertArrayEquals(
          expected.get(logits),
          NodeValues.of(trained, List.of(logits), image, backend).get(logits),
          backend.name());
    }
  }

  @Test
  void oneNodeAndOneNodePerLayerGiveTheSameBits() throws OrtException {
    TrainedNetwork trained = IntegerNetworks.named("resnet8", SHAPE, 16, 5);
    Random random = new Random(3);
    float[] images = new float[3 * SHAPE.size()];
    for (int i = 0; i < 3; i++) {
      System.arraycopy(
          RandomNetworks.image(SHAPE, random), 0, images, i * SHAPE.size(), SHAPE.size());
    }
    int[] positions = everyPixel(trained);
    for (ExecutionBackend backend : NodeValues.backends()) {
      assertArrayEquals(
          run(OnnxExporter.export(trained, positions), images, backend),
          run(OnnxExporter.exportByLayer(trained, positions), images, backend),
          backend.name());
    }
  }

  private static float[] run(ModelProto model, float[] images, ExecutionBackend backend)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      backend.configure(options, Map.of());
      try (OrtSession session = SubBitSessions.create(model.toByteArray(), options);
          OnnxTensor input =
              OnnxTensor.createTensor(
                  environment,
                  FloatBuffer.wrap(images),
                  new long[] {images.length / SHAPE.size(), SHAPE.size()});
          OrtSession.Result result = session.run(Map.of(OnnxExporter.INPUT, input))) {
        FloatBuffer scores = ((OnnxTensor) result.get(0)).getFloatBuffer();
        float[] copy = new float[scores.remaining()];
        scores.get(copy);
        return copy;
      }
    }
  }

  /** Features in any order, and pixels without one, enter as in a float network. */
  @Test
  void gathersPixelsOfFeatures() {
    TrainedNetwork trained = IntegerNetworks.named("resnet8", SHAPE, 16, 5);
    int[] positions = IntStream.range(0, SHAPE.size() - 5).map(i -> SHAPE.size() - 1 - i).toArray();
    assertTrue(
        OnnxExporter.export(trained, positions).getGraph().getNodeList().stream()
            .anyMatch(node -> node.getOpType().equals("Gather")));
  }

  @ParameterizedTest
  @CsvSource({
    "resnet20, 3, 32, 10",
    "resnet18, 3, 224, 1000",
    "resnet34, 3, 64, 200",
    "vgg-small, 3, 32, 10"
  })
  void exportsNamedNetworksAtTheirOwnSizes(String name, int channels, int side, int classes) {
    ImageShape shape = new ImageShape(channels, side, side);
    TrainedNetwork trained =
        IntegerNetworks.weigh(IntegerNetworks.build(name, shape, classes), 5)
            .withIntegers(new IntegerForm(16, 5));
    ModelProto model = OnnxExporter.export(trained, everyPixel(trained));
    assertEquals(1, nodes(model).size());
    assertEquals(
        IntegerParts.of(trained.network()).size(),
        nodes(OnnxExporter.exportByLayer(trained, everyPixel(trained))).size());
  }

  @Test
  void namesNodesWithoutValues() {
    TrainedNetwork trained = IntegerNetworks.named("resnet8", SHAPE, 16, 5);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    OnnxExporter.exportValues(
                        trained, everyPixel(trained), List.of("stage1.block0.add1")))
            .getMessage();
    assertTrue(message.contains("'stage1.block0.add1'"), message);
    assertTrue(message.contains("stage1.block0.after1"), message);
  }

  @Test
  void refusesAFormThatParametersDoNotFit() {
    TrainedNetwork trained =
        IntegerNetworks.named("resnet8", SHAPE, 16, 5).withIntegers(new IntegerForm(16, 14));
    String message =
        assertThrows(
                IllegalStateException.class,
                () -> OnnxExporter.export(trained, everyPixel(trained)))
            .getMessage();
    assertTrue(message.contains("with 14 fraction bits"), message);
  }
}

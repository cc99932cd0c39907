package dev.subbit.tribuo.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtException;
import dev.subbit.onnx.BitPlanes;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OnnxExporterTest {

  private static final ImageShape SHAPE = new ImageShape(2, 11, 9);

  private static ModelProto export(Mode mode) {
    return OnnxExporter.export(TestModels.network(mode, "resnet8", SHAPE), everyPixel(SHAPE));
  }

  private static int[] everyPixel(ImageShape shape) {
    return IntStream.range(0, shape.size()).toArray();
  }

  private static Map<String, TensorProto> initializers(ModelProto model) {
    return model.getGraph().getInitializerList().stream()
        .collect(Collectors.toMap(TensorProto::getName, Function.identity()));
  }

  private static List<String> opTypes(ModelProto model) {
    return model.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  @ParameterizedTest
  @EnumSource
  void namesInputAndOutputAsTribuoDoes(Mode mode) {
    ModelProto model = export(mode);
    assertEquals("input", model.getGraph().getInput(0).getName());
    assertEquals(1, model.getGraph().getInputCount());
    assertEquals("output", model.getGraph().getOutput(0).getName());
    assertEquals(1, model.getGraph().getOutputCount());
    assertEquals(
        SHAPE.size(),
        model.getGraph().getInput(0).getType().getTensorType().getShape().getDim(1).getDimValue());
    assertEquals(8, model.getIrVersion());
    assertEquals(18, model.getOpsetImport(0).getVersion());
  }

  @Test
  void givesEverySubBitConvolutionItsNodeItsFunctionAndNoMoreBytesThanItsIndices() {
    for (Mode mode : List.of(Mode.SUB_BIT, Mode.SUB_BIT_BINARY, Mode.INTEGER)) {
      TrainedNetwork network = TestModels.network(mode, "resnet8", SHAPE);
      ModelProto model = OnnxExporter.export(network, everyPixel(SHAPE));
      Map<String, NodeProto> nodes =
          model.getGraph().getNodeList().stream()
              .filter(node -> node.getDomain().equals("dev.subbit"))
              .collect(Collectors.toMap(NodeProto::getName, Function.identity()));
      assertTrue(nodes.keySet().containsAll(network.packed().keySet()));
      network.packed().forEach((name, weights) -> assertStoredInTauBits(model, name, weights));
      Set<String> functions =
          model.getFunctionsList().stream().map(FunctionProto::getName).collect(Collectors.toSet());
      nodes.values().forEach(node -> assertTrue(functions.contains(node.getOpType())));
      assertEquals(
          switch (mode) {
            case SUB_BIT_BINARY -> 3;
            case INTEGER -> 2;
            default -> 1;
          },
          functions.size());
    }
  }

  private static void assertStoredInTauBits(
      ModelProto model, String name, PackedConvWeights weights) {
    int kernels = weights.outChannels() * weights.inChannels();
    TensorProto index = initializers(model).get(name + "/index");
    assertEquals(DataType.UINT8.getNumber(), index.getDataType());
    assertEquals(
        TestModels.TAU * ((kernels + 7) / 8), index.getRawData().size(), "bytes of " + name);
    assertArrayEquals(
        weights.indices(),
        BitPlanes.decode(index.getRawData().toByteArray(), TestModels.TAU, kernels));
    TensorProto codebook = initializers(model).get(name + "/codebook");
    assertEquals(9 << TestModels.TAU, codebook.getRawData().size());
    TensorProto scale = initializers(model).get(name + "/scale");
    assertEquals(4 * weights.outChannels(), scale.getRawData().size());
  }

  @ParameterizedTest
  @EnumSource
  void foldsEveryBatchNormalisation(Mode mode) {
    assertFalse(opTypes(export(mode)).contains("BatchNormalization"));
  }

  @Test
  void needsNoFunctionForAFloatNetwork() {
    ModelProto model = export(Mode.FLOAT);
    assertEquals(0, model.getFunctionsCount());
    assertEquals(1, model.getOpsetImportCount());
  }

  @Test
  void rectifiesByClampingInIntegers() {
    // resnet8 has a ReLU behind its stem and two in each of its three blocks.
    assertEquals(1, opTypes(export(Mode.INTEGER)).stream().filter("Relu"::equals).count());
    assertEquals(7, opTypes(export(Mode.SUB_BIT)).stream().filter("Relu"::equals).count());
  }

  @Test
  void staysInEightBitsFromTheStemToThePooling() {
    ModelProto model = export(Mode.INTEGER);
    assertEquals(
        List.of(
            // Two stages of three halve and have a 1x1 convolution in their shortcut.
            "QLinearSubBitConv",
            "QLinearSubBitBlock",
            "QLinearSubBitConv",
            "DequantizeLinear",
            "Conv",
            "QuantizeLinear",
            "QLinearSubBitBlock",
            "QLinearSubBitConv",
            "DequantizeLinear",
            "Conv",
            "QuantizeLinear",
            "QLinearSubBitBlock",
            "DequantizeLinear",
            "GlobalAveragePool"),
        opTypes(model)
            .subList(
                opTypes(model).indexOf("QLinearSubBitConv"),
                opTypes(model).indexOf("GlobalAveragePool") + 1));
    Set<String> quantized =
        export(Mode.INTEGER).getGraph().getNodeList().stream()
            .filter(node -> node.getOpType().equals("QuantizeLinear"))
            .map(NodeProto::getName)
            .collect(Collectors.toSet());
    assertEquals(
        Set.of(
            "stem.relu/quantized",
            "stage2.block0.shortcut.bn/quantized",
            "stage3.block0.shortcut.bn/quantized"),
        quantized);
  }

  /** Networks with a range behind each convolution instead were quantized by earlier versions. */
  @Test
  void addsInFloatWhereRangesSaySo() throws Exception {
    TrainedNetwork earlier = quantized(exactFloats(), RandomNetworks::quantizeConvolutions);
    ModelProto model = OnnxExporter.export(earlier, everyPixel(earlier.network().input()));
    assertTrue(opTypes(model).contains("Add"));
    assertFalse(opTypes(model).contains("QLinearSubBitBlock"));
    assertComputesTheReferencesIntegers(
        earlier, List.of("relu", "relu1", "bn2", "relu2", "conv3", "halves", "conv4"));
  }

  @Test
  void exportsTheSameBytesTwice() {
    assertEquals(export(Mode.INTEGER).toByteString(), export(Mode.INTEGER).toByteString());
  }

  /**
   * A network whose float layers compute whole numbers, so that no order of additions can change a
   * bit: there the integer graph must agree with the reference exactly, on every back end.
   */
  private static TrainedNetwork exactNetwork() {
    return quantized(exactFloats(), RandomNetworks::quantize);
  }

  private static TrainedNetwork exactFloats() {
    Layer.Conv subBit = new Layer.Conv(8, 8, 3, 1, Weights.SUB_BIT, Activations.REAL);
    Layer.Conv halving = new Layer.Conv(8, 16, 3, 2, Weights.SUB_BIT, Activations.REAL);
    Network network =
        new Network(
            "exact",
            new ImageShape(1, 9, 7),
            4,
            List.of(
                new Network.Node("input", new Layer.Input(), List.of()),
                new Network.Node(
                    "stem",
                    new Layer.Conv(1, 8, 3, 1, Weights.FLOAT, Activations.REAL),
                    List.of("input")),
                new Network.Node("relu", new Layer.Relu(), List.of("stem")),
                new Network.Node("conv1", subBit, List.of("relu")),
                new Network.Node("bn1", new Layer.BatchNorm(8), List.of("conv1")),
                new Network.Node("relu1", new Layer.Relu(), List.of("bn1")),
                new Network.Node("conv2", subBit, List.of("relu1")),
                new Network.Node("bn2", new Layer.BatchNorm(8), List.of("conv2")),
                new Network.Node("add", new Layer.Add(), List.of("bn2", "relu")),
                new Network.Node("relu2", new Layer.Relu(), List.of("add")),
                new Network.Node("conv3", halving, List.of("relu2")),
                new Network.Node("halves", new Layer.MaxPool(3), List.of("conv3")),
                new Network.Node(
                    "conv4",
                    new Layer.Conv(16, 16, 3, 1, Weights.SUB_BIT, Activations.REAL),
                    List.of("halves")),
                new Network.Node("pool", new Layer.GlobalAveragePool(), List.of("conv4")),
                new Network.Node("output", new Layer.Dense(16, 4), List.of("pool"))));
    TrainedNetwork random = RandomNetworks.weigh(network, 4, 23);
    Map<String, float[]> floats = new HashMap<>(random.floats());
    float[] stem = floats.get("stem/weight").clone();
    for (int i = 0; i < stem.length; i++) {
      stem[i] = Math.round(2 * stem[i]);
    }
    floats.put("stem/weight", stem);
    return new TrainedNetwork(network, floats, random.packed(), random.ranges());
  }

  private static TrainedNetwork quantized(
      TrainedNetwork trained,
      BiFunction<TrainedNetwork, List<float[]>, TrainedNetwork> quantization) {
    Random pixels = new Random(11);
    return quantization.apply(
        trained,
        IntStream.range(0, 3)
            .mapToObj(i -> RandomNetworks.image(trained.network().input(), pixels))
            .toList());
  }

  @Test
  void computesTheReferencesIntegersOnEveryBackend() throws Exception {
    assertComputesTheReferencesIntegers(exactNetwork());
  }

  /** Where a max pooling has the range of what it reads, it needs no way through floats. */
  @Test
  void maxPoolsEightBitValuesAsTheyAre() throws Exception {
    TrainedNetwork apart = exactNetwork();
    assertTrue(nodeNames(apart).contains("halves/quantized"));
    Map<String, QuantizedRange> ranges = new HashMap<>(apart.ranges());
    ranges.put("halves", ranges.get("conv3"));
    TrainedNetwork shared =
        new TrainedNetwork(apart.network(), apart.floats(), apart.packed(), ranges);
    assertFalse(nodeNames(shared).contains("halves/quantized"));
    assertFalse(nodeNames(shared).contains("conv3/dequantized"));
    assertComputesTheReferencesIntegers(shared);
  }

  private static List<String> nodeNames(TrainedNetwork network) {
    return OnnxExporter.export(network, everyPixel(network.network().input()))
        .getGraph()
        .getNodeList()
        .stream()
        .map(NodeProto::getName)
        .toList();
  }

  private static void assertComputesTheReferencesIntegers(TrainedNetwork network)
      throws OrtException {
    assertComputesTheReferencesIntegers(
        network, List.of("relu", "relu1", "relu2", "conv3", "halves", "conv4"));
  }

  private static void assertComputesTheReferencesIntegers(
      TrainedNetwork network, List<String> nodes) throws OrtException {
    float[] image = RandomNetworks.image(network.network().input(), new Random(29));
    Map<String, float[]> expected = new ReferenceForward(network).run(image);
    for (ExecutionBackend backend : NodeValues.backends()) {
      Map<String, float[]> actual = NodeValues.of(network, nodes, image, backend);
      for (String node : nodes) {
        assertArrayEquals(expected.get(node), actual.get(node), backend.name() + " at " + node);
      }
    }
  }

  @Test
  void keepsTheBiasOfADeadChannel() {
    Map<String, float[]> floats = new HashMap<>(exactNetwork().floats());
    float[] gamma = floats.get("bn1/gamma").clone();
    gamma[3] = 0;
    floats.put("bn1/gamma", gamma);
    float[] beta = floats.get("bn1/beta").clone();
    beta[3] = 40;
    floats.put("bn1/beta", beta);
    TrainedNetwork network =
        new TrainedNetwork(
            exactNetwork().network(), floats, exactNetwork().packed(), exactNetwork().ranges());
    ModelProto model = OnnxExporter.export(network, everyPixel(network.network().input()));
    float inputScale = network.ranges().get("relu").scale();
    float scale =
        initializers(model)
            .get("conv1/scale")
            .getRawData()
            .asReadOnlyByteBuffer()
            .order(java.nio.ByteOrder.LITTLE_ENDIAN)
            .getFloat(3 * 4);
    int bias =
        initializers(model)
            .get("conv1/bias")
            .getRawData()
            .asReadOnlyByteBuffer()
            .order(java.nio.ByteOrder.LITTLE_ENDIAN)
            .getInt(3 * 4);
    assertEquals(40, (double) bias * inputScale * scale, 1e-4);
    assertTrue(9 * 8 * 255 * inputScale * Math.abs(scale) < 0.01 * 40);
  }

  @Test
  void refusesABatchNormalisationThatOverflows() {
    TrainedNetwork network = exactNetwork();
    Map<String, float[]> floats = new HashMap<>(network.floats());
    float[] huge = new float[8];
    java.util.Arrays.fill(huge, Float.MAX_VALUE);
    floats.put("bn1/gamma", huge);
    floats.put("bn1/variance", new float[8]);
    TrainedNetwork overflowing =
        new TrainedNetwork(network.network(), floats, network.packed(), network.ranges());
    String message =
        assertThrows(
                IllegalStateException.class,
                () -> OnnxExporter.export(overflowing, everyPixel(network.network().input())))
            .getMessage();
    assertTrue(message.contains("conv1"), message);
  }
}

package dev.subbit.tribuo.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtException;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How binary convolutions become blocks, with bits flowing from one to the next. */
class BinaryLayersExportTest {

  private static final ImageShape SHAPE = new ImageShape(2, 11, 9);

  private static List<NodeProto> nodes(TrainedNetwork trained) {
    ModelProto model =
        OnnxExporter.export(trained, NodeValues.everyPixel(trained.network().input().size()));
    return model.getGraph().getNodeList().stream()
        .filter(node -> node.getDomain().equals("dev.subbit"))
        .toList();
  }

  private static List<String> described(List<NodeProto> nodes) {
    return nodes.stream()
        .map(
            n -> n.getOpType() + " " + n.getInput(0) + " -> " + String.join(",", n.getOutputList()))
        .toList();
  }

  @Test
  void aResidualNetworkIsOneNodeAConvolutionAndPacksOnce() {
    List<NodeProto> nodes = nodes(TestModels.network(Mode.SUB_BIT_BINARY, "resnet8", SHAPE));
    List<String> expected = new ArrayList<>();
    expected.add("PackSigns stem.conv -> stage1.block0.threshold1");
    String signs = "stage1.block0.threshold1";
    for (int stage = 1; stage <= 3; stage++) {
      for (int conv = 1; conv <= 2; conv++) {
        String name = "stage" + stage + ".block0.conv" + conv;
        String next = stage == 3 && conv == 2 ? "" : name + "/signs";
        expected.add("BinarySubBitBlock " + signs + " -> " + name + "," + next);
        signs = next;
      }
    }
    assertEquals(expected, described(nodes));
    // The residual is what the block before gives, or what the shortcut makes of it.
    assertEquals(
        "stem.conv",
        nodes.get(1).getInput(SubBitOperator.BINARY_SUB_BIT_BLOCK.position("residual")));
    assertEquals(
        "stage1.block0.conv1",
        nodes.get(2).getInput(SubBitOperator.BINARY_SUB_BIT_BLOCK.position("residual")));
    assertEquals(
        "stage2.block0.shortcut.conv",
        nodes.get(3).getInput(SubBitOperator.BINARY_SUB_BIT_BLOCK.position("residual")));
  }

  @Test
  void aChainWithoutShortcutsHandsOnBitsWhereNoPoolIsBetween() {
    assertEquals(
        List.of(
            "PackSigns conv0 -> conv1/input_signs",
            "PackedBinarySubBitConv conv1/input_signs -> conv1,",
            "PackSigns bn1 -> conv2/input_signs",
            "PackedBinarySubBitConv conv2/input_signs -> ,conv2/signs",
            "PackedBinarySubBitConv conv2/signs -> conv3,",
            "PackSigns bn3 -> conv4/input_signs",
            "PackedBinarySubBitConv conv4/input_signs -> ,conv4/signs",
            "PackedBinarySubBitConv conv4/signs -> conv5,"),
        described(
            nodes(TestModels.network(Mode.SUB_BIT_BINARY, "vgg-small", new ImageShape(1, 6, 5)))));
  }

  @Test
  void valuesInsideABlockAreGivenWhereTheyAreAskedFor() throws OrtException {
    TrainedNetwork trained = TestModels.network(Mode.SUB_BIT_BINARY, "resnet8", SHAPE);
    assertComputesTheReference(
        trained,
        List.of(
            "stage1.block0.threshold1",
            "stage1.block0.bn1",
            "stage1.block0.add2",
            "stage2.block0.before1",
            "stage2.block0.prelu1",
            "stage2.block0.threshold2",
            "stage3.block0.after1",
            "classifier"));
  }

  /**
   * What no named network has: one value under two thresholds, a threshold behind a convolution
   * alone, one that a float layer reads too, a block whose signs alone are read, one that is added
   * to itself, and an addition that two layers read.
   */
  private static Network unusual() {
    List<Network.Node> nodes = new ArrayList<>();
    nodes.add(new Network.Node("input", new Layer.Input(), List.of()));
    add(nodes, "normalize", new Layer.Normalize(2f / 255, -1), "input");
    add(
        nodes,
        "stem",
        new Layer.Conv(1, 9, 3, 1, Layer.Weights.FLOAT, Layer.Activations.REAL),
        "normalize");
    add(nodes, "shift1", new Layer.Shift(9), "stem");
    add(nodes, "conv1", binary(), "shift1");
    add(nodes, "shift2", new Layer.Shift(9), "stem");
    add(nodes, "conv2", binary(), "shift2");
    add(nodes, "shift3", new Layer.Shift(9), "conv1");
    add(nodes, "conv3", binary(), "shift3");
    add(nodes, "sum3", new Layer.Add(), "conv3", "shift3");
    add(nodes, "in3", new Layer.Shift(9), "sum3");
    add(nodes, "prelu3", new Layer.PRelu(9), "in3");
    add(nodes, "out3", new Layer.Shift(9), "prelu3");
    add(nodes, "conv4", binary(), "out3");
    add(nodes, "twice", new Layer.Add(), "conv4", "conv4");
    add(nodes, "conv5", binary(), "twice");
    add(nodes, "sum5", new Layer.Add(), "conv2", "conv5");
    add(nodes, "in5", new Layer.Shift(9), "sum5");
    add(nodes, "prelu5", new Layer.PRelu(9), "in5");
    add(nodes, "sum6", new Layer.Add(), "prelu5", "sum5");
    add(nodes, "pool", new Layer.GlobalAveragePool(), "sum6");
    add(nodes, "output", new Layer.Dense(9, 3), "pool");
    return new Network("unusual", new ImageShape(1, 7, 6), 3, nodes);
  }

  private static Layer.Conv binary() {
    return new Layer.Conv(9, 9, 3, 1, Layer.Weights.SUB_BIT, Layer.Activations.BINARY);
  }

  private static void add(List<Network.Node> nodes, String name, Layer layer, String... inputs) {
    nodes.add(new Network.Node(name, layer, List.of(inputs)));
  }

  @Test
  void whatIsNoBlockIsWrittenLayerByLayer() throws OrtException {
    TrainedNetwork trained = RandomNetworks.weigh(unusual(), 3, 7);
    assertEquals(
        List.of(
            "PackSigns stem -> shift1",
            "PackedBinarySubBitConv shift1 -> conv1,",
            "PackSigns stem -> shift2",
            "PackedBinarySubBitConv shift2 -> conv2,",
            "PackSigns shift3 -> conv3/input_signs",
            "BinarySubBitBlock conv3/input_signs -> ,conv3/signs",
            "PackedBinarySubBitConv conv3/signs -> conv4,",
            "PackSigns twice -> conv5/input_signs",
            "PackedBinarySubBitConv conv5/input_signs -> conv5,"),
        described(nodes(trained)));
    assertComputesTheReference(trained, List.of("output"));
    assertComputesTheReference(trained, List.of("conv1", "shift1", "out3", "conv4", "output"));
  }

  private static void assertComputesTheReference(TrainedNetwork trained, List<String> nodes)
      throws OrtException {
    float[] image = RandomNetworks.image(trained.network().input(), new Random(3));
    Map<String, float[]> expected = new ReferenceForward(trained).run(image);
    Map<String, float[]> first = null;
    for (ExecutionBackend backend : NodeValues.backends()) {
      Map<String, float[]> actual = NodeValues.of(trained, nodes, image, backend);
      first = first == null ? actual : first;
      for (String node : nodes) {
        assertArrayEquals(expected.get(node), actual.get(node), 1e-3f, node + backend.name());
        assertArrayEquals(first.get(node), actual.get(node), node + backend.name());
        assertTrue(actual.get(node).length > 0);
      }
    }
  }
}

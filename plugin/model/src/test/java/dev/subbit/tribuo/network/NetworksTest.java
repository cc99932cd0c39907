package dev.subbit.tribuo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class NetworksTest {

  private static final ImageShape IMAGENET = new ImageShape(3, 224, 224);
  private static final ImageShape CIFAR = new ImageShape(3, 32, 32);

  private static Network build(String name, ImageShape shape, Activations activations) {
    return Networks.build(name, shape, 10, Weights.SUB_BIT, activations);
  }

  private static List<Layer.Conv> subBitConvs(Network network) {
    return network.nodes().stream()
        .filter(node -> node.layer() instanceof Layer.Conv)
        .map(node -> (Layer.Conv) node.layer())
        .filter(conv -> conv.weights() == Weights.SUB_BIT)
        .toList();
  }

  private static Layer layer(Network network, String node) {
    return network.nodes().stream()
        .filter(n -> n.name().equals(node))
        .findFirst()
        .orElseThrow()
        .layer();
  }

  private static boolean has(Network network, String node) {
    return network.nodes().stream().anyMatch(n -> n.name().equals(node));
  }

  private static String kinds(Network network, String prefix) {
    return String.join(
        " ",
        network.nodes().stream()
            .filter(node -> node.name().startsWith(prefix))
            .map(node -> node.layer().getClass().getSimpleName())
            .toList());
  }

  static Stream<String> names() {
    return Networks.names().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void fitsImagesOfAnySize(String name) {
    for (Activations activations : Activations.values()) {
      for (ImageShape shape :
          List.of(new ImageShape(1, 1, 1), new ImageShape(2, 29, 31), new ImageShape(3, 65, 97))) {
        Network network = build(name, shape, activations);
        assertEquals(
            NodeShape.vector(10), NetworkShapes.of(network).get(network.output().name()), name);
      }
    }
  }

  /** Depth as the names count it: convolutions and the classifier, without 1x1 shortcuts. */
  @ParameterizedTest
  @CsvSource({
    "resnet8, 8",
    "resnet14, 14",
    "resnet20, 20",
    "resnet32, 32",
    "resnet56, 56",
    "resnet18, 18",
    "resnet34, 34",
    "vgg-small, 7"
  })
  void isAsDeepAsItsNameSays(String name, int depth) {
    for (Activations activations : Activations.values()) {
      // The first convolution and the classifier are float.
      assertEquals(depth - 2, subBitConvs(build(name, CIFAR, activations)).size());
    }
  }

  @Test
  void keepsFirstConvolutionShortcutsAndClassifierFloat() {
    for (String name : Networks.names()) {
      for (Network.Node node : build(name, CIFAR, Activations.BINARY).nodes()) {
        if (node.layer() instanceof Layer.Conv conv) {
          boolean first = node.inputs().equals(List.of("normalize"));
          boolean isFloat = first || conv.kernel() == 1;
          assertEquals(isFloat ? Weights.FLOAT : Weights.SUB_BIT, conv.weights(), node.name());
          assertEquals(
              isFloat ? Activations.REAL : Activations.BINARY, conv.activations(), node.name());
        }
      }
    }
  }

  @Test
  void takesLargeImagesThroughImageNetsStem() {
    for (String name : List.of("resnet18", "resnet34")) {
      Network network = build(name, IMAGENET, Activations.REAL);
      assertEquals(
          new Layer.Conv(3, 64, 7, 2, Weights.FLOAT, Activations.REAL),
          layer(network, "stem.conv"));
      assertEquals(new Layer.MaxPool(3), layer(network, "stem.pool"));
      Map<String, NodeShape> shapes = NetworkShapes.of(network);
      assertEquals(new NodeShape(64, 112, 112), shapes.get("stem.relu"));
      assertEquals(new NodeShape(64, 56, 56), shapes.get("stage1.block0.relu2"));
      assertEquals(new NodeShape(128, 28, 28), shapes.get("stage2.block0.relu2"));
      assertEquals(new NodeShape(256, 14, 14), shapes.get("stage3.block0.relu2"));
      assertEquals(new NodeShape(512, 7, 7), shapes.get("stage4.block0.relu2"));
    }
  }

  @Test
  void takesImagesOfUpTo64PixelsThroughA3x3Convolution() {
    Network network = build("resnet18", new ImageShape(3, 64, 64), Activations.REAL);
    assertEquals(
        new Layer.Conv(3, 64, 3, 1, Weights.FLOAT, Activations.REAL), layer(network, "stem.conv"));
    assertEquals(new NodeShape(64, 64, 64), NetworkShapes.of(network).get("stage1.block0.relu2"));
    assertTrue(has(build("resnet18", new ImageShape(3, 64, 65), Activations.REAL), "stem.pool"));
    assertTrue(has(build("resnet18", new ImageShape(3, 65, 64), Activations.REAL), "stem.pool"));
    assertFalse(has(build("resnet20", IMAGENET, Activations.REAL), "stem.pool"));
  }

  @Test
  void buildsTheBlocksOfHeAndOfReActNet() {
    Network real = build("resnet18", CIFAR, Activations.REAL);
    assertEquals("Conv BatchNorm Relu", kinds(real, "stem."));
    assertEquals(
        "Conv BatchNorm Relu Conv BatchNorm Conv BatchNorm Add Relu",
        kinds(real, "stage2.block0."));
    assertEquals(2, ((Layer.Conv) layer(real, "stage2.block0.shortcut.conv")).stride());

    Network binary = build("resnet18", CIFAR, Activations.BINARY);
    assertEquals("Conv BatchNorm", kinds(binary, "stem."));
    String half = "Shift Conv BatchNorm Add Shift PRelu Shift";
    assertEquals(half + " " + half, kinds(binary, "stage2.block1."));
    assertEquals(
        "Shift Conv BatchNorm AveragePool Conv BatchNorm Add Shift PRelu Shift " + half,
        kinds(binary, "stage2.block0."));
    assertEquals(1, ((Layer.Conv) layer(binary, "stage2.block0.shortcut.conv")).stride());
  }

  @Test
  void buildsVggSmallInBothOrders() {
    Network real = build("vgg-small", CIFAR, Activations.REAL);
    assertEquals(
        List.of(
            "normalize",
            "conv0",
            "bn0",
            "relu0",
            "conv1",
            "bn1",
            "relu1",
            "pool1",
            "conv2",
            "bn2",
            "relu2",
            "conv3",
            "bn3",
            "relu3",
            "pool3",
            "conv4",
            "bn4",
            "relu4",
            "conv5",
            "bn5",
            "relu5",
            "pool5",
            "flatten",
            "classifier"),
        real.nodes().stream().skip(1).map(Network.Node::name).toList());
    Network binary = build("vgg-small", CIFAR, Activations.BINARY);
    assertEquals(
        List.of(
            "normalize",
            "conv0",
            "bn0",
            "conv1",
            "pool1",
            "bn1",
            "conv2",
            "bn2",
            "conv3",
            "pool3",
            "bn3",
            "conv4",
            "bn4",
            "conv5",
            "pool5",
            "bn5",
            "flatten",
            "classifier"),
        binary.nodes().stream().skip(1).map(Network.Node::name).toList());
    assertEquals(new Layer.Dense(512 * 4 * 4, 10), real.output().layer());
    assertEquals(new Layer.Dense(512 * 4 * 4, 10), binary.output().layer());
  }

  @Test
  void namesTheNetworksThereAre() {
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> build("resnet19", CIFAR, Activations.REAL))
            .getMessage();
    assertTrue(message.contains("'resnet19'") && message.contains("vgg-small"), message);
  }
}

package dev.subbit.tribuo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.NetworkDescription.Head;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkDescriptionTest {

  private static final ImageShape SHAPE = new ImageShape(3, 19, 17);

  @TempDir Path folder;

  private NetworkDescription read(String components, String... layers) throws IOException {
    StringBuilder xml = new StringBuilder("<config>");
    for (String component : components.split("\n")) {
      String[] words = component.strip().split(" ");
      xml.append("<component name='" + words[0] + "' type='dev.subbit.tribuo.network.")
          .append(words[1] + "'>");
      for (int i = 2; i < words.length; i++) {
        String[] property = words[i].split("=");
        xml.append("<property name='" + property[0] + "' value='" + property[1] + "'/>");
      }
      xml.append("</component>");
    }
    xml.append("<component name='mine' type='dev.subbit.tribuo.network.NetworkDescription'>")
        .append("<propertylist name='layers'>");
    for (String layer : layers) {
      xml.append("<item>" + layer + "</item>");
    }
    xml.append("</propertylist></component></config>");
    Path file = Files.writeString(folder.resolve("mine.xml"), xml);
    try (ConfigurationManager manager = new ConfigurationManager(file.toString())) {
      return (NetworkDescription) manager.lookup("mine");
    }
  }

  private static String kinds(Network network) {
    StringBuilder kinds = new StringBuilder();
    for (Network.Node node : network.nodes()) {
      kinds.append(node.name()).append(' ');
    }
    return kinds.toString().strip();
  }

  @Test
  void buildsWhatTheFileSays() throws IOException {
    NetworkDescription description =
        read(
            """
            in Stem width=8 kernel=7 stride=2 pool=2
            plain Convolutions width=12 count=2 stride=2 pool=3
            point Convolutions width=6 kernel=1
            blocks ResidualStage width=10 count=2 stride=2""",
            "in",
            "plain",
            "point",
            "blocks");
    assertEquals("mine", description.name());
    Network real = description.build(SHAPE, 4, Weights.SUB_BIT, Activations.REAL);
    assertEquals("mine", real.name());
    assertEquals(
        "image normalize stem.conv stem.bn stem.relu stem.pool"
            + " conv0 bn0 relu0 conv1 bn1 relu1 pool1 conv2 bn2 relu2"
            + " stage1.block0.conv1 stage1.block0.bn1 stage1.block0.relu1"
            + " stage1.block0.conv2 stage1.block0.bn2"
            + " stage1.block0.shortcut.conv stage1.block0.shortcut.bn stage1.block0.add"
            + " stage1.block0.relu2"
            + " stage1.block1.conv1 stage1.block1.bn1 stage1.block1.relu1"
            + " stage1.block1.conv2 stage1.block1.bn2 stage1.block1.add stage1.block1.relu2"
            + " pool classifier",
        kinds(real));
    assertEquals(
        new Layer.Conv(3, 8, 7, 2, Weights.FLOAT, Activations.REAL),
        real.node("stem.conv").layer());
    assertEquals(
        new Layer.Conv(8, 12, 3, 2, Weights.SUB_BIT, Activations.REAL), real.node("conv0").layer());
    assertEquals(
        new Layer.Conv(12, 6, 1, 1, Weights.FLOAT, Activations.REAL), real.node("conv2").layer());

    Network binary = description.build(SHAPE, 4, Weights.SUB_BIT, Activations.BINARY);
    assertTrue(
        kinds(binary).contains("stem.bn stem.pool conv0 bn0 conv1 pool1 bn1 conv2 bn2 stage1"),
        kinds(binary));
    assertEquals(
        new Layer.Conv(12, 6, 1, 1, Weights.FLOAT, Activations.REAL), binary.node("conv2").layer());
    assertEquals(new NodeShape(12, 2, 2), NetworkShapes.of(binary).get("bn1"));
  }

  /** A stage of stride 1 that widens needs a 1x1 convolution, but has nothing to average. */
  @Test
  void averagesOnlyWhereRowsAreHalved() {
    Network network =
        new NetworkDescription(
                "wide", List.of(new Stem(4, 3, 1, 0), new ResidualStage(8, 1, 1)), Head.AVERAGE)
            .build(SHAPE, 2, Weights.SUB_BIT, Activations.BINARY);
    assertTrue(kinds(network).contains("shortcut.conv"));
    assertTrue(!kinds(network).contains("shortcut.pool"));
  }

  @Test
  void aFlattenedHeadReadsEveryValue() {
    Network network =
        new NetworkDescription(
                "flat", List.of(new Convolutions(5, 1, 3, 2, 2, false)), Head.FLATTEN)
            .build(SHAPE, 2, Weights.SUB_BIT, Activations.REAL);
    // 19 x 17, halved by the stride and by the pooling: 10 x 9, 5 x 5.
    assertEquals(new Layer.Dense(5 * 5 * 5, 2), network.output().layer());
    assertEquals(Weights.FLOAT, ((Layer.Conv) network.node("conv0").layer()).weights());
  }

  @Test
  void keepsFloatWhatItIsToldTo() {
    Network network =
        new NetworkDescription(
                "kept",
                List.of(new Stem(4, 3, 1, 0), new Convolutions(4, 1, 3, 1, 2, true)),
                Head.AVERAGE)
            .build(SHAPE, 2, Weights.SUB_BIT, Activations.BINARY);
    assertEquals(
        new Layer.Conv(4, 4, 3, 1, Weights.FLOAT, Activations.REAL), network.node("conv0").layer());
    assertTrue(kinds(network).contains("conv0 bn0 pool0"), kinds(network));
  }

  @ParameterizedTest
  @CsvSource({
    "wide Stem width=0, width is 0",
    "wide Stem width=9000, width is 9000",
    "odd Stem width=8 kernel=5, 'kernel is 5, allowed: one of [1, 3, 7]'",
    "odd Convolutions width=8 stride=3, 'stride is 3, allowed: 1 or 2'",
    "odd Convolutions width=8 pool=4, pool is 4",
    "none Convolutions width=8 count=0, count is 0",
    "odd Stem width=8 fullSizeUpTo=-1, fullSizeUpTo is -1"
  })
  void namesTheLayerThatIsWrong(String component, String expected) {
    String layer = component.substring(0, component.indexOf(' '));
    Throwable e = assertThrows(PropertyException.class, () -> read(component, layer));
    while (e.getCause() != null) {
      e = e.getCause();
    }
    String said = ((PropertyException) e).getMsg();
    assertTrue(said.startsWith("layer '" + layer + "': ") && said.contains(expected), said);
  }

  @Test
  void refusesLayersInTheWrongOrder() {
    Stem stem = new Stem(4, 3, 1, 0);
    ResidualStage stage = new ResidualStage(4, 1, 1);
    assertRefused("layers is empty");
    assertRefused("residual stage", stage, stage);
    assertRefused("layer 3 is the stem", stem, stage, stem);
  }

  private static void assertRefused(String expected, NetworkPart... layers) {
    PropertyException e =
        assertThrows(
            PropertyException.class,
            () -> new NetworkDescription("bad", List.of(layers), Head.AVERAGE));
    assertTrue(e.getMsg().contains(expected), e.getMsg());
  }

  @Test
  void namesTheNodeThatIsTooLargeForTheImages() {
    NetworkDescription description =
        new NetworkDescription("huge", List.of(new Stem(8192, 3, 1, 0)), Head.AVERAGE);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                description.build(new ImageShape(3, 224, 224), 2, Weights.FLOAT, Activations.REAL));
    assertTrue(e.getMessage().contains("'stem.conv'"), e.getMessage());
  }

  @Test
  void canBeMadeAgainFromItsProvenance() throws IOException {
    NetworkDescription description =
        read("a Stem width=8 pool=3\nb ResidualStage width=16 stride=2", "a", "b");
    ConfigurationManager manager = new ConfigurationManager();
    manager.addConfiguration(ProvenanceUtil.extractConfiguration(description.getProvenance()));
    NetworkDescription again = manager.lookupAll(NetworkDescription.class).get(0);
    assertEquals(
        description.build(SHAPE, 3, Weights.SUB_BIT, Activations.BINARY).nodes(),
        again.build(SHAPE, 3, Weights.SUB_BIT, Activations.BINARY).nodes());
  }
}

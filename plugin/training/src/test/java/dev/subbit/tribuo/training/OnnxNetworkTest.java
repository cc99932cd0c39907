package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.quantizer.QuantizationProgress;
import dev.subbit.tribuo.quantizer.QuantizationResult;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.training.internal.graph.ForeignGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** An ONNX file that is trained on Tribuo's images, as a configuration says. */
class OnnxNetworkTest {

  private static final List<String> LABELS = List.of("across", "down", "diagonal");

  @TempDir private Path folder;

  /** A network that has learnt nothing yet. */
  @BeforeEach
  void writeNetwork() throws IOException {
    ForeignGraph g = new ForeignGraph(3).input(-1, 1, 12, 12);
    String one = g.node("Relu", List.of(g.conv("x", 8, 1)));
    String two =
        g.node(
            "MaxPool",
            List.of(g.node("Relu", List.of(g.conv(one, 16, 8)))),
            OnnxProtos.attribute("kernel_shape", 2, 2),
            OnnxProtos.attribute("strides", 2, 2));
    String three = g.node("Relu", List.of(g.conv(two, 16, 16)));
    String flat = g.node("Flatten", List.of(g.node("GlobalMaxPool", List.of(three))));
    ModelProto model =
        g.model(
            g.node("Gemm", List.of(flat, g.tensor("w", -1, 1, 16, 3), g.tensor("b", -1, 1, 3))));
    Files.write(folder.resolve("float.onnx"), model.toByteArray());
  }

  private OnnxNetwork configured(String more) throws IOException {
    Path file = folder.resolve("config.xml");
    Files.writeString(
        file,
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <config>
          <component name="tuning" type="dev.subbit.tribuo.training.OnnxTuning">
            <property name="epochs" value="12"/>
            <property name="rate" value="0.1"/>
            <property name="labelShare" value="1"/>
            <property name="batchSize" value="16"/>
            <property name="threads" value="1"/>
            %s
          </component>
          <component name="network" type="dev.subbit.tribuo.training.OnnxNetwork">
            <property name="path" value="%s"/>
            <property name="tuning" value="tuning"/>
            <property name="atALoss" value="true"/>
            <propertylist name="labelNames">
              <item>across</item>
              <item>down</item>
              <item>diagonal</item>
            </propertylist>
          </component>
        </config>
        """
            .formatted(more, folder.resolve("float.onnx")));
    return (OnnxNetwork) new ConfigurationManager(file.toString()).lookup("network");
  }

  @Test
  void aConfigurationTrainsANetworkOnLabels() throws IOException {
    MutableDataset<Label> images = new MutableDataset<>(StripedImages.source(folder, 300, 1));
    QuantizationResult result = configured("").train(images, QuantizationProgress.NONE);
    assertEquals(3, result.layers().size());
    MutableDataset<Label> others = new MutableDataset<>(StripedImages.source(folder, 120, 2));
    int right = 0;
    try (GraphSession session = new GraphSession(result.model())) {
      for (Example<Label> image : others) {
        float[] pixels = new float[144];
        int at = 0;
        for (Feature pixel : image) {
          pixels[at++] = (float) pixel.getValue() / 255;
        }
        float[] logits =
            session
                .run(ForeignGraph.feed(new long[] {1, 1, 12, 12}, pixels))
                .values()
                .iterator()
                .next()
                .values();
        int best = 0;
        for (int c = 1; c < 3; c++) {
          best = logits[c] > logits[best] ? c : best;
        }
        right += LABELS.get(best).equals(image.getOutput().getLabel()) ? 1 : 0;
      }
    }
    assertTrue(right >= 114, right + " of 120");
  }

  @Test
  void namesALabelThatTheNetworkDoesNotHave() {
    MutableDataset<Label> images = new MutableDataset<>(StripedImages.source(folder, 30, 1));
    OnnxNetwork network =
        new OnnxNetwork(
            folder.resolve("float.onnx"), 1, new OnnxTuning().withLabelShare(1).withThreads(1));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> network.train(images, QuantizationProgress.NONE))
            .getMessage();
    assertTrue(message.contains("label 'across'") && message.contains("labelNames"), message);
  }

  @Test
  void refusesPropertiesThatAreOutOfRange() {
    assertThrows(
        PropertyException.class, () -> configured("<property name=\"seed\" value=\"x\"/>"));
    for (Runnable wrong :
        List.<Runnable>of(
            () -> new OnnxTuning().withEpochs(0),
            () -> new OnnxTuning().withMinutes(-1),
            () -> new OnnxTuning().withRate(0),
            () -> new OnnxTuning().withBatchSize(0),
            () -> new OnnxTuning().withLabelShare(1.5),
            () -> new OnnxTuning().withThreads(-1),
            () -> new OnnxNetwork(Path.of("x.onnx"), 0, new OnnxTuning()))) {
      assertThrows(PropertyException.class, wrong::run);
    }
  }
}

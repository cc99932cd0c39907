package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.OperatorSets;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** Random networks of convolutions with all attributes, and whatever may stand between them. */
class RandomGraphsTest {

  private static final int STAGES = 8;

  private final List<AttributeProto> attributes = new ArrayList<>();

  /** A convolution's attributes; its input has 8 channels. */
  private void draw(SplittableRandom rng) {
    attributes.clear();
    if (rng.nextBoolean()) {
      attributes.add(OnnxProtos.attribute("kernel_shape", 3, 3));
    }
    int stride = rng.nextInt(1, 3);
    if (stride > 1 || rng.nextBoolean()) {
      attributes.add(OnnxProtos.attribute("strides", stride, rng.nextInt(1, 3)));
    }
    String padding =
        new String[] {"pads", "SAME_UPPER", "SAME_LOWER", "VALID", "none"}[rng.nextInt(5)];
    if (padding.equals("pads")) {
      attributes.add(
          OnnxProtos.attribute(
              "pads", rng.nextInt(3), rng.nextInt(3), rng.nextInt(3), rng.nextInt(3)));
    } else if (!padding.equals("none")) {
      attributes.add(OnnxProtos.attribute("auto_pad", padding));
    }
    // ONNX Runtime takes no dilation together with SAME.
    if (!padding.startsWith("SAME") && rng.nextInt(3) == 0) {
      attributes.add(OnnxProtos.attribute("dilations", rng.nextInt(1, 3), rng.nextInt(1, 3)));
    }
  }

  private String layer(GraphBuilder graph, SplittableRandom rng, String x) {
    draw(rng);
    int group = new int[] {1, 1, 2, 4}[rng.nextInt(4)];
    if (group > 1) {
      attributes.add(OnnxProtos.attribute("group", (long) group));
    }
    String value = graph.conv(x, 8, 8 / group, attributes.toArray(AttributeProto[]::new));
    switch (rng.nextInt(4)) {
      case 0 -> {
        return graph.node("Relu", List.of(value));
      }
      case 1 -> {
        String scale = graph.tensor(value + "/gamma", 1, 8);
        String shift = graph.tensor(value + "/beta", 1, 8);
        String mean = graph.tensor(value + "/mean", 1, 8);
        graph
            .graph()
            .addInitializer(
                OnnxProtos.tensor(
                    value + "/variance", new float[] {1, 2, .5f, 1, .1f, 3, 1, 1}, 8));
        return graph.node(
            "BatchNormalization", List.of(value, scale, shift, mean, value + "/variance"));
      }
      case 2 -> {
        return graph.node("Sigmoid", List.of(value));
      }
      default -> {
        return value;
      }
    }
  }

  @Property(tries = 12, shrinking = ShrinkingMode.OFF)
  void convergeToTheFloatOutputWithStagesAtTau9(@ForAll long seed) throws IOException {
    SplittableRandom rng = new SplittableRandom(seed);
    int size = rng.nextInt(17, 24);
    GraphBuilder graph = new GraphBuilder(seed, 0, 8, size, size + 1);
    String value = "x";
    int layers = rng.nextInt(1, 3);
    for (int i = 0; i < layers; i++) {
      value = layer(graph, rng, value);
    }
    long opset = rng.nextInt(11, 22);
    ModelProto model =
        OperatorSets.upgrade(
            "random", graph.model(opset, value).toBuilder().setIrVersion(8).build());
    List<Feed> feeds = List.of(GraphBuilder.feed(seed, 4, 8, size, size + 1));
    double last = 0;
    for (int stages = 1; stages <= STAGES; stages += 7) {
      QuantizationResult result =
          new OnnxQuantizer(new QuantizationSettings(new FitSettings(9, stages, 2, 1), List.of()))
              .quantize(model, Calibration.of(feeds), (done, all, what) -> {});
      assertEquals(layers, result.layers().size(), () -> result.left().toString());
      assertEquals(
          Math.max(opset, 12),
          SubBitModels.standardOpset(result.model()),
          "the operator set stays");
      double found = result.outputs().get(0).getSignalToNoise();
      assertTrue(found > last + (stages > 1 ? 12 : 2), stages + " stages: " + found + " dB");
      assertOthersAreUntouched(model, result.model());
      last = found;
    }
    assertTrue(last > 25, last + " dB");
  }

  private static void assertOthersAreUntouched(ModelProto before, ModelProto after) {
    List<NodeProto> kept = new ArrayList<>(before.getGraph().getNodeList());
    kept.removeIf(
        node -> node.getOpType().equals("Conv") || node.getOpType().equals("BatchNormalization"));
    assertTrue(after.getGraph().getNodeList().containsAll(kept));
  }
}

package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChannelFoldTest {

  private static final List<String> INPUTS = List.of("x", "gamma", "beta", "mean", "variance");

  private final TinyGraph graph =
      new TinyGraph()
          .floats("gamma", new float[] {2, 3}, 2)
          .floats("beta", new float[] {5, 7}, 2)
          .floats("mean", new float[] {1, -1}, 2)
          .floats("variance", new float[] {3, 15}, 2);

  private Optional<ChannelFold> fold(NodeProto node, int channels) {
    return ChannelFold.of(node, "x", new GraphIndex(graph.node(node).build()), channels);
  }

  private static NodeProto norm(AttributeProto... attributes) {
    return TinyGraph.nodeOf("BatchNormalization", INPUTS, "y", attributes);
  }

  @Test
  void isOneFactorAndOneSummandPerChannel() {
    // With epsilon 1 the deviations are 2 and 4: factors 2/2 and 3/4, summands 5 - 1 and 7 + 3/4.
    ChannelFold fold = fold(norm(OnnxProtos.attribute("epsilon", 1f)), 2).orElseThrow();
    assertArrayEquals(new double[] {1, 0.75}, fold.factor(), 1e-12);
    assertArrayEquals(new double[] {4, 7.75}, fold.summand(), 1e-12);
  }

  @Test
  void epsilonIsTiny() {
    double deviation = Math.sqrt(3 + (double) 1e-5f);
    assertEquals(2 / deviation, fold(norm(), 2).orElseThrow().factor()[0], 1e-12);
  }

  @Test
  void trainingNodesAndOtherOperatorsAreNoFold() {
    assertTrue(fold(norm(OnnxProtos.attribute("training_mode", 1L)), 2).isEmpty());
    assertTrue(fold(norm().toBuilder().addOutput("running_mean").build(), 2).isEmpty());
    assertTrue(fold(norm().toBuilder().setDomain("custom").build(), 2).isEmpty());
    assertTrue(fold(norm().toBuilder().setOpType("InstanceNormalization").build(), 2).isEmpty());
    assertTrue(fold(norm().toBuilder().addOutput("").build(), 2).isPresent(), "left out");
  }

  @Test
  void parametersHaveOneValuePerChannelAndAreConstant() {
    assertTrue(fold(norm(), 3).isEmpty());
    graph.input("mean", 2);
    assertTrue(fold(norm(), 2).isEmpty(), "a user may replace the mean");
  }

  @Test
  void aFactorThatIsNotFiniteIsNoFold() {
    NodeProto zero = norm(OnnxProtos.attribute("epsilon", -3f));
    assertTrue(fold(zero, 2).isEmpty(), "a deviation of 0");
    NodeProto root = norm(OnnxProtos.attribute("epsilon", -4f));
    assertTrue(fold(root, 2).isEmpty(), "the root of -1");
  }
}

package dev.subbit.tribuo.quantizer.timing;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TimedSessionTest {

  private static ModelProto model(String opType) {
    return SubBitModels.ofGraph(
        GraphProto.newBuilder()
            .setName("one")
            .addInput(OnnxProtos.value("x", DataType.FLOAT, 2, 2))
            .addNode(
                NodeProto.newBuilder().setOpType(opType).addInput("x").addInput("x").addOutput("y"))
            .addOutput(OnnxProtos.valueOfAnyShape("y", DataType.FLOAT))
            .build());
  }

  private static Feed feed(long... shape) {
    return new Feed(Map.of("x", Feed.Tensor.of(new FloatArray(shape, new float[4]))));
  }

  @Test
  void runsAgainAndAgainAndSaysHowLong() {
    long start = System.nanoTime();
    double sum = 0;
    try (TimedSession session = new TimedSession(model("MatMul"), feed(2, 2))) {
      for (int i = 0; i < 5; i++) {
        double microseconds = session.run();
        assertTrue(microseconds > 0);
        sum += microseconds;
      }
    }
    assertTrue(sum <= (System.nanoTime() - start) / 1e3, "in microseconds");
  }

  @Test
  void whatCannotBeLoadedOrRunIsSaid() {
    assertTrue(
        assertThrows(
                IllegalStateException.class,
                () -> new TimedSession(model("NoSuchOperator"), feed(2, 2)))
            .getMessage()
            .startsWith("ONNX Runtime cannot load one layer"));
    try (TimedSession session = new TimedSession(model("MatMul"), feed(1, 4))) {
      assertTrue(
          assertThrows(IllegalStateException.class, session::run)
              .getMessage()
              .startsWith("ONNX Runtime cannot run one layer"));
    }
  }
}

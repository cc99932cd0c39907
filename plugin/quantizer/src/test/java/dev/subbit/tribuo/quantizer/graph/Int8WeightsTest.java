package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.List;
import org.junit.jupiter.api.Test;

class Int8WeightsTest {

  private final WeightKinds weights = new WeightKinds(21);

  @Test
  void weightsOfEveryKindTakeAByteEachAndStayClose() {
    ModelProto model = weights.all();
    ModelProto stored = Int8Weights.store(model);
    assertEquals(
        4,
        stored.getGraph().getInitializerList().stream()
            .filter(tensor -> tensor.getDataType() == DataType.INT8.getNumber())
            .count());
    assertTrue(stored.getSerializedSize() < 0.27 * model.getSerializedSize());
    double decibels = weights.decibels(model, stored);
    assertTrue(decibels > 30, decibels + " dB");
  }

  /** Some exporters write all numbers as Constant nodes. */
  @Test
  void weightsOfConstantNodesAreStoredToo() {
    ModelProto model = WeightKinds.withConstants(weights.all());
    for (ModelProto stored : List.of(Int8Weights.store(model), Int4Weights.store(model))) {
      assertTrue(stored.getSerializedSize() < 0.27 * model.getSerializedSize());
      double decibels = weights.decibels(model, stored);
      assertTrue(decibels > 10, decibels + " dB");
    }
  }

  @Test
  void whatACallerMayReplaceStays() {
    ModelProto model = weights.replaceable();
    assertSame(model, Int8Weights.store(model));
  }
}

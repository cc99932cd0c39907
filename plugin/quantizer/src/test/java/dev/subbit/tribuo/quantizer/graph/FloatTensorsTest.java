package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FloatTensorsTest {

  private static TensorProto.Builder floats(Long... shape) {
    return TensorProto.newBuilder()
        .setDataType(TensorProto.DataType.FLOAT.getNumber())
        .addAllDims(List.of(shape));
  }

  @Test
  void valuesAreRawOrInTheirField() {
    float[] values = {1.5f, -2, 1e30f};
    assertArrayEquals(values, FloatTensors.values(OnnxProtos.tensor("", values, 3)).orElseThrow());
    TensorProto typed =
        floats(3L).addAllFloatData(List.of(values[0], values[1], values[2])).build();
    assertArrayEquals(values, FloatTensors.values(typed).orElseThrow());
  }

  @Test
  void aScalarHasOneValue() {
    assertArrayEquals(
        new float[] {7}, FloatTensors.values(floats().addFloatData(7).build()).orElseThrow());
  }

  @Test
  void otherTypesAndDataThatDoesNotFitHaveNoValues() {
    assertEquals(Optional.empty(), FloatTensors.values(OnnxProtos.tensor("", new int[2], 2)));
    assertEquals(Optional.empty(), FloatTensors.values(OnnxProtos.tensor("", new float[3], 2)));
    assertEquals(Optional.empty(), FloatTensors.values(floats(2L).addFloatData(1).build()));
    assertEquals(Optional.empty(), FloatTensors.values(floats(2L).build()));
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 2147483648L, 4294967296L, 4611686018427387904L, Long.MIN_VALUE})
  void shapesThatNoArrayHasHaveNoCount(long dimension) {
    assertEquals(Optional.empty(), FloatTensors.count(floats(dimension, 4L).build()));
  }

  @Test
  void aProductThatNoArrayHoldsIsNoCount() {
    assertEquals(Optional.empty(), FloatTensors.count(floats(65_536L, 65_536L).build()));
  }

  @Test
  void theCountIsTheProductOfTheShape() {
    assertEquals(Optional.of(24), FloatTensors.count(floats(2L, 3L, 4L).build()));
    assertEquals(Optional.of(0), FloatTensors.count(floats(2L, 0L, 4L).build()));
    assertEquals(Optional.of(1), FloatTensors.count(floats().build()));
  }
}

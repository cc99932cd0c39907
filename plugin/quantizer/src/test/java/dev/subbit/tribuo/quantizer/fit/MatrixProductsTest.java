package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.onnxruntime.OnnxTensor;
import org.junit.jupiter.api.Test;

class MatrixProductsTest {

  private static final float[] TWO_BY_THREE = {1, 2, 3, 4, 5, 6};

  @Test
  void multipliesRowsByAMatrix() {
    try (OnnxTensor b = MatrixProducts.matrix(TWO_BY_THREE, 2, 3)) {
      assertArrayEquals(
          new float[] {9, 12, 15, -3, -3, -3},
          MatrixProducts.times(new float[] {1, 2, 1, -1}, b, 2, 2));
    }
  }

  @Test
  void multipliesTheTransposeOfAMatrixByAnother() {
    try (OnnxTensor a = MatrixProducts.matrix(new float[] {1, 2, 1, -1}, 2, 2);
        OnnxTensor b = MatrixProducts.matrix(TWO_BY_THREE, 2, 3)) {
      assertArrayEquals(new float[] {5, 7, 9, -2, -1, 0}, MatrixProducts.transposedTimes(a, b));
    }
  }

  @Test
  void whatFollowsTheLastRowIsNotRead() {
    try (OnnxTensor b = MatrixProducts.matrix(TWO_BY_THREE, 1, 2)) {
      assertArrayEquals(new float[] {3, 6}, MatrixProducts.times(new float[] {3, 100}, b, 1, 1));
    }
  }
}

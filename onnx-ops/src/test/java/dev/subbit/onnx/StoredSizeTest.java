package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StoredSizeTest {

  /** 16 outputs of 8 inputs at tau = 5: 128 indices of 5 bits. */
  private static PackedConvWeights layer() {
    return PackedConvWeights.pack(
        8, new Codebook(5, IntStream.range(0, 32).toArray()), new int[128], new float[16]);
  }

  @Test
  void countsPlanesCodebookAndScales() {
    StoredSize size = StoredSize.of(layer());
    assertEquals(new StoredSize(128 * 9, 5 * 128 / 8, 32 * 9, 16 * 4), size);
    assertEquals(80 + 288 + 64, size.bytes());
  }

  @Test
  void anIndexCostsTauNinthsOfABitPerWeight() {
    StoredSize size = StoredSize.of(layer());
    assertEquals(5 / 9.0, size.indexBitsPerWeight(), 1e-12);
    assertEquals(8.0 * 432 / 1152, size.storedBitsPerWeight(), 1e-12);
  }

  @Test
  void biasesCountInBytesOnly() {
    StoredSize size = StoredSize.of(layer()).withFloats(16);
    assertEquals(432 + 64, size.bytes());
    assertEquals(5 / 9.0, size.indexBitsPerWeight(), 1e-12);
  }

  @Test
  void stagesOfOneConvolutionShareItsWeights() {
    StoredSize one = StoredSize.of(layer());
    StoredSize two = one.plus(one).forWeights(one.weights());
    assertEquals(2 * one.bytes(), two.bytes());
    assertEquals(10 / 9.0, two.indexBitsPerWeight(), 1e-12);
  }

  @Test
  void nothingCostsNothing() {
    assertEquals(0, StoredSize.NONE.storedBitsPerWeight());
    assertEquals(0, StoredSize.NONE.indexBitsPerWeight());
  }
}

package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import java.util.List;
import org.junit.jupiter.api.Test;

class StagedWeightsTest {

  private static PackedConvWeights stage(float scale, int codeword) {
    return PackedConvWeights.pack(
        1, new Codebook(1, new int[] {0, codeword}), new int[] {1}, new float[] {scale});
  }

  private static float[] dense(PackedConvWeights... stages) {
    float[] one = {0};
    return new StagedWeights(List.of(stages), one, one, one, 0).weights().toDense();
  }

  @Test
  void standForTheSumOfTheirStages() {
    // Bit t of a codeword is tap t: 1 sets the first tap, 256 the last.
    assertArrayEquals(new float[] {2, -2, -2, -2, -2, -2, -2, -2, -2}, dense(stage(2, 1)));
    assertArrayEquals(
        new float[] {1.5f, -2.5f, -2.5f, -2.5f, -2.5f, -2.5f, -2.5f, -2.5f, -1.5f},
        dense(stage(2, 1), stage(0.5f, 256)));
  }
}

package dev.subbit.tribuo.quantizer.fit;

import ai.onnxruntime.OnnxTensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Patches of a convolution's input that no weights are fitted to, with the outputs wanted there:
 * what tells weights that generalise from weights that only know their calibration. Not safe for
 * use by many threads.
 */
public final class PatchCheck {

  /** Outputs [rows, outputs] wanted for patches [rows, columns] of each group. */
  private record Rows(int rows, List<float[]> patches, List<float[]> wanted) {}

  private final List<Rows> chunks = new ArrayList<>();

  /** Adds patches and outputs, for each group one. */
  void add(int rows, List<float[]> patches, List<float[]> wanted) {
    chunks.add(new Rows(rows, patches, wanted));
  }

  /**
   * The number of patches.
   *
   * @return their number.
   */
  public int count() {
    return chunks.stream().mapToInt(Rows::rows).sum();
  }

  /**
   * The squared error of weights.
   *
   * @param weights weights of the convolution.
   * @return the sum over patches and outputs.
   */
  double error(StagedWeights weights) {
    float[] dense = weights.weights().toDense();
    double error = 0;
    for (Rows chunk : chunks) {
      int groups = chunk.patches().size();
      int outputs = weights.bias().length / groups;
      int columns = dense.length / weights.bias().length;
      for (int g = 0; g < groups; g++) {
        float[] transposed = new float[outputs * columns];
        for (int o = 0; o < outputs; o++) {
          for (int i = 0; i < columns; i++) {
            transposed[i * outputs + o] = dense[(g * outputs + o) * columns + i];
          }
        }
        try (OnnxTensor matrix = MatrixProducts.matrix(transposed, columns, outputs)) {
          float[] given =
              MatrixProducts.times(chunk.patches().get(g), matrix, chunk.rows(), columns);
          float[] wanted = chunk.wanted().get(g);
          for (int i = 0; i < given.length; i++) {
            double difference = given[i] + weights.bias()[g * outputs + i % outputs] - wanted[i];
            error += difference * difference;
          }
        }
      }
    }
    return error;
  }
}

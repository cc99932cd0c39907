package dev.subbit.tribuo.training.internal.graph;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.training.internal.codebook.LatentKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the training of a sub-bit layer starts from.
 *
 * @param layer the convolution.
 * @param weights its weights, which the start reproduces exactly.
 * @param latents for each stage the latent weights behind its codewords, [out, in, 3, 3] in units
 *     of the stage's scales; the codeword nearest to each kernel is the one that it has.
 * @param normalised statistics of its output, if it is to be normalised by those of each batch in
 *     training; empty if not.
 */
public record SubBitStart(
    ConvLayer layer,
    StagedWeights weights,
    List<float[]> latents,
    Optional<LayerMoments> normalised) {

  // Copies the list, so that the start stays as it was made.
  public SubBitStart {
    latents = List.copyOf(latents);
  }

  /**
   * Makes the latent weights of a layer, one set for each stage: a single one for all stages could
   * not give their codewords. What a stage is wanted to give is what the others leave over of the
   * float weights; {@linkplain LatentKernels each latent kernel} lies between that and its
   * codeword.
   *
   * @param layer the float layer.
   * @param weights its sub-bit weights.
   * @param normalised as above.
   * @return the start.
   */
  public static SubBitStart of(
      ConvLayer layer, StagedWeights weights, Optional<LayerMoments> normalised) {
    float[] rest = layer.weights().clone();
    float[] sum = weights.weights().toDense();
    for (int i = 0; i < rest.length; i++) {
      rest[i] -= sum[i];
    }
    List<float[]> latents = new ArrayList<>();
    for (PackedConvWeights stage : weights.weights().convolutions()) {
      latents.add(latent(stage, rest));
    }
    return new SubBitStart(layer, weights, latents, normalised);
  }

  private static float[] latent(PackedConvWeights stage, float[] rest) {
    Codebook codebook = stage.codebook();
    int[] indices = stage.indices();
    float[] scale = stage.scale();
    float[] codewords = new float[rest.length];
    float[] wanted = new float[rest.length];
    for (int i = 0; i < rest.length; i++) {
      int kernel = i / Codebook.TAPS;
      float size = scale[kernel / stage.inChannels()];
      codewords[i] = codebook.tap(indices[kernel], i % Codebook.TAPS);
      float over = size == 0 ? 0 : rest[i] / size;
      wanted[i] = Math.max(-1, Math.min(1, codewords[i] + over));
    }
    return LatentKernels.towards(codebook, indices, codewords, wanted);
  }
}

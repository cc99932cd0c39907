package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.TrainedNetwork;

/** The float weights of an exported model, after folding. */
public final class FoldedWeights {

  private FoldedWeights() {}

  /**
   * The weights of a float convolution with the batch normalisation behind it folded in.
   *
   * @param trained the network.
   * @param conv name of the convolution.
   * @return [out, in, kernel, kernel].
   */
  public static float[] of(TrainedNetwork trained, String conv) {
    return new FoldedConv(trained, ConvChain.of(trained.network()).get(conv)).floatWeights();
  }
}

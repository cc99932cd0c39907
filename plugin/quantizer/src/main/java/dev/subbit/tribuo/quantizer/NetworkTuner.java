package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ServiceLoader;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;

/**
 * Trains a quantized network a little further, with its float model for a teacher. Quantizing works
 * without one; the module {@code subbit-training} offers a tuner as a Java service, so that this
 * module does not depend on a training engine. Implementations are safe for use by many threads.
 */
public interface NetworkTuner {

  /**
   * Trains the quantized network.
   *
   * @param model the float model, which is the teacher and whose labels and features the images
   *     have.
   * @param quantized the same network with sub-bit weights, or in integers.
   * @param images the images.
   * @param settings how to train.
   * @return the tuned network. Where {@code quantized} is in integers, so is the result, and it is
   *     {@code quantized} itself if training did not make it more accurate on images that were held
   *     out.
   * @throws IllegalStateException if the training engine is missing or training diverges.
   */
  TrainedNetwork tune(
      SubBitModel model, TrainedNetwork quantized, Dataset<Label> images, TuningSettings settings);

  /**
   * Finds the tuner.
   *
   * @return the first one on the class path.
   * @throws IllegalStateException if there is none, naming the dependency to add.
   */
  static NetworkTuner load() {
    return ServiceLoader.load(NetworkTuner.class)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "Training after the fit (tuneEpochs, --tune) needs dev.subbit:subbit-training"
                        + " on the class path; a merged jar must keep its META-INF/services"));
  }
}

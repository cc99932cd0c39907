package dev.subbit.tribuo.training.internal.tuning;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.NetworkTuner;
import dev.subbit.tribuo.quantizer.TuningSettings;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;

/**
 * The quantizer's tuner, which trains with the engine of this module and is found as a Java
 * service.
 */
public final class TeacherTuner implements NetworkTuner {

  /** For {@link java.util.ServiceLoader}. */
  public TeacherTuner() {}

  @Override
  public TrainedNetwork tune(
      SubBitModel model, TrainedNetwork quantized, Dataset<Label> images, TuningSettings settings) {
    return quantized.integers().isPresent()
        ? new IntegerTuning(model, quantized, settings).tune(images)
        : new NetworkTuning(model.network(), quantized, settings).tune(model, images);
  }
}

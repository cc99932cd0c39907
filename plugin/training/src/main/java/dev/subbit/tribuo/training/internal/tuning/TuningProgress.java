package dev.subbit.tribuo.training.internal.tuning;

import dev.subbit.tribuo.quantizer.QuantizationProgress;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;

/** Reports the steps of a training after the fit to whoever follows the quantization. */
final class TuningProgress implements TrainingListener {

  private final QuantizationProgress receiver;
  private int steps;
  private int done;

  /**
   * Prepares the reports of one training.
   *
   * @param receiver receives the steps.
   */
  TuningProgress(QuantizationProgress receiver) {
    this.receiver = receiver;
  }

  @Override
  public void started(TrainingStart start) {
    steps = start.steps();
  }

  @Override
  public void preparing(String what) {
    receiver.at(done, steps, what);
  }

  @Override
  public void stepFinished(StepMetrics metrics) {
    done = metrics.step();
    receiver.at(done, steps, "tuning, epoch " + metrics.epoch() + "/" + metrics.epochs());
  }

  @Override
  public void epochFinished(EpochMetrics metrics) {}
}

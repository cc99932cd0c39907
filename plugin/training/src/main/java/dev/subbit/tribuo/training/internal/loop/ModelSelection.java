package dev.subbit.tribuo.training.internal.loop;

import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.training.internal.batches.BatchReader;
import dev.subbit.tribuo.training.internal.batches.ImageBatch;
import dev.subbit.tribuo.training.internal.batches.ImageBatches;
import dev.subbit.tribuo.training.internal.engine.Ranks;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.ValidationMetrics;
import java.util.List;
import java.util.Optional;

/**
 * Chooses the epoch whose network becomes the model, and decides when further epochs are of no use.
 * Both follow from the accuracies on the validation images in the last stage; of equal ones the
 * first counts. Earlier stages train networks of another kind, which are not candidates.
 */
public final class ModelSelection {

  // Null where there are no validation images.
  private final ImageBatches validation;
  private final boolean keepBest;
  private final int patience;
  private TrainedNetwork best;

  /**
   * Starts a selection with no epochs yet.
   *
   * @param validation the validation images; null for none.
   * @param keepBest whether the best epoch's network becomes the model, or the last one's.
   * @param patience epochs without a better accuracy after which the training ends; 0 for never.
   */
  public ModelSelection(ImageBatches validation, boolean keepBest, int patience) {
    this.validation = validation;
    this.keepBest = keepBest;
    this.patience = patience;
  }

  /**
   * Evaluates the network on the validation images; empty if there are none.
   *
   * @param ranks the processes that share the images.
   */
  Optional<ValidationMetrics> evaluate(TrainingRun run, Ranks ranks) {
    if (validation == null) {
      return Optional.empty();
    }
    double loss = 0;
    long correct = 0;
    try (BatchReader reader = validation.open(0, 0, ranks.slice())) {
      for (int batch = 0; batch < validation.count(); batch++) {
        ImageBatch images = reader.next();
        int[] classes = images.classes();
        if (classes.length == 0) {
          continue;
        }
        float[] logits = run.logits(images.pixels());
        int width = logits.length / classes.length;
        for (int i = 0; i < classes.length; i++) {
          loss += crossEntropy(logits, i * width, width, classes[i]);
          correct += isLargest(logits, i * width, width, classes[i]) ? 1 : 0;
        }
      }
    }
    double[] sums = ranks.sum(loss, correct);
    return Optional.of(
        new ValidationMetrics(sums[0] / validation.images(), sums[1] / validation.images()));
  }

  private static double crossEntropy(float[] logits, int first, int count, int target) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < count; c++) {
      largest = Math.max(largest, logits[first + c]);
    }
    double sum = 0;
    for (int c = 0; c < count; c++) {
      sum += StrictMath.exp(logits[first + c] - largest);
    }
    return StrictMath.log(sum) - (logits[first + target] - largest);
  }

  /** Of several largest logits the first one counts. */
  private static boolean isLargest(float[] logits, int first, int count, int target) {
    for (int c = 0; c < count; c++) {
      float logit = logits[first + c];
      float wanted = logits[first + target];
      if (c < target ? logit >= wanted : logit > wanted) {
        return false;
      }
    }
    return true;
  }

  /**
   * Records an epoch of the last stage.
   *
   * @param run the run at the epoch's end.
   * @param epochs the epochs of the last stage, this one included.
   */
  void epochFinished(TrainingRun run, List<EpochMetrics> epochs) {
    if (validation != null && keepBest && best(epochs) == epochs.size() - 1) {
      best = run.network();
    }
  }

  /** Number of the validation images, 0 where there are none. */
  int validationImages() {
    return validation == null ? 0 : validation.images();
  }

  /**
   * The epoch whose network becomes the model.
   *
   * @param epochs all epochs of the last stage.
   * @return its number.
   */
  int modelEpoch(List<EpochMetrics> epochs) {
    boolean isLast = validation == null || !keepBest;
    return epochs.get(isLast ? epochs.size() - 1 : best(epochs)).epoch();
  }

  /** Whether training should end because the last epochs were not better. */
  boolean isOver(List<EpochMetrics> epochs) {
    return validation != null
        && patience > 0
        && !epochs.isEmpty()
        && epochs.size() - 1 - best(epochs) >= patience;
  }

  private static int best(List<EpochMetrics> epochs) {
    int best = 0;
    for (int i = 1; i < epochs.size(); i++) {
      if (accuracy(epochs.get(i)) > accuracy(epochs.get(best))) {
        best = i;
      }
    }
    return best;
  }

  private static double accuracy(EpochMetrics epoch) {
    return epoch.validation().orElseThrow().accuracy();
  }

  /** The best network so far; empty if none is kept. */
  Optional<TrainedNetwork> best() {
    return Optional.ofNullable(best);
  }

  /** Continues with the best network of an interrupted run. */
  void restore(TrainedNetwork network) {
    best = network;
  }
}

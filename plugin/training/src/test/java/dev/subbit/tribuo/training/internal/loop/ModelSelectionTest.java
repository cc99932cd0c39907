package dev.subbit.tribuo.training.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.training.internal.batches.ImageBatches;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.batches.Targets;
import dev.subbit.tribuo.training.internal.engine.Ranks;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.ValidationMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** The choice of the epoch whose network becomes the model, and of the end of the training. */
class ModelSelectionTest {

  private static final ImageShape SHAPE = new ImageShape(1, 2, 2);

  private static ImageBatches images(int count, int batchSize) {
    MutableDataset<Label> data = TestModels.dataset(SHAPE, count);
    return ImageBatches.evaluation(
        data, new PixelMap(data.getFeatureIDMap(), SHAPE), data.getOutputIDInfo(), batchSize, 1);
  }

  /** Feeds accuracies to a selection; returns the epoch at which it ends, and the one it chose. */
  private static List<Integer> select(boolean keepBest, int patience, double... accuracies) {
    ModelSelection selection = new ModelSelection(images(4, 4), keepBest, patience);
    List<EpochMetrics> history = new ArrayList<>();
    List<TrainedNetwork> networks = new ArrayList<>();
    TrainingRun run =
        new FixedLogits(new float[0]) {
          @Override
          public TrainedNetwork network() {
            networks.set(
                networks.size() - 1, new TrainedNetwork(null, Map.of(), Map.of(), Map.of()));
            return networks.get(networks.size() - 1);
          }
        };
    for (double accuracy : accuracies) {
      Optional<ValidationMetrics> validation = Optional.of(new ValidationMetrics(1, accuracy));
      history.add(new EpochMetrics(1, history.size() + 1, 1, 1, 0, 0, validation, 0, 0, 0, 0));
      networks.add(null);
      selection.epochFinished(run, history);
      if (selection.isOver(history)) {
        break;
      }
    }
    TrainedNetwork best = selection.best().orElse(null);
    int taken = -1;
    for (int i = 0; i < networks.size(); i++) {
      taken = best != null && networks.get(i) == best ? i : taken;
    }
    assertEquals(taken < 0 ? history.size() : taken + 1, selection.modelEpoch(history));
    return List.of(history.size(), taken);
  }

  @Test
  void theFirstOfTheBestEpochsIsKept() {
    assertEquals(List.of(5, 1), select(true, 0, 0.5, 0.75, 0.75, 0.25, 0.5));
    assertEquals(List.of(3, 2), select(true, 0, 0.5, 0.625, 0.75));
    assertEquals(List.of(3, -1), select(false, 0, 0.5, 0.75, 0.5), "none is kept if not asked for");
  }

  @Test
  void patienceCountsEpochsWithoutABetterOne() {
    assertEquals(List.of(2, 0), select(true, 1, 0.5, 0.5, 0.75));
    assertEquals(List.of(6, 3), select(true, 2, 0.5, 0.25, 0.625, 0.75, 0.75, 0.5, 1));
    assertEquals(List.of(4, -1), select(false, 3, 0.5, 0.25, 0.25, 0.25, 0.25));
  }

  @Test
  void withoutValidationImagesNothingIsSelected() {
    ModelSelection selection = new ModelSelection(null, true, 0);
    assertTrue(selection.evaluate(new FixedLogits(new float[0]), Ranks.ALONE).isEmpty());
    selection.epochFinished(new FixedLogits(new float[0]), List.of());
    assertTrue(selection.best().isEmpty());
    assertFalse(selection.isOver(List.of()));
  }

  /** Six images of classes 0, 1, 2, 3, 0, 1 in batches of four and two. */
  @Test
  void lossAndAccuracyAreMeansOverAllImages() {
    float[] logits = {
      2, 0, 0, 0, //
      0, 2, 0, 0, //
      0, 0, 0, 2, //
      5, 5, 5, 5, //
      5, 5, 5, 5, //
      0, 0, 0, 2
    };
    ValidationMetrics metrics =
        new ModelSelection(images(6, 4), true, 0)
            .evaluate(new FixedLogits(logits), Ranks.ALONE)
            .orElseThrow();
    // Of equal logits the first counts: right for class 0, wrong for class 3.
    assertEquals(3 / 6.0, metrics.accuracy(), 1e-12);
    double sum = Math.exp(2) + 3;
    double right = Math.log(sum) - 2;
    double wrong = Math.log(sum);
    assertEquals((2 * right + 2 * wrong + 2 * Math.log(4)) / 6, metrics.loss(), 1e-12);
  }

  @Test
  void aResumedRunKeepsTheBestOfTheInterruptedOne() {
    TrainedNetwork network = new TrainedNetwork(null, Map.of(), Map.of(), Map.of());
    ModelSelection selection = new ModelSelection(images(4, 4), true, 0);
    selection.restore(network);
    assertSame(network, selection.best().orElseThrow());
  }

  /** A run that gives these logits, image after image, whatever the images. */
  private static class FixedLogits implements TrainingRun {

    private final float[] logits;
    private int next;

    FixedLogits(float[] logits) {
      this.logits = logits;
    }

    @Override
    public float[] logits(Pixels pixels) {
      int count = pixels.size() / SHAPE.size() * TestModels.CLASSES;
      float[] given = new float[count];
      System.arraycopy(logits, next, given, 0, count);
      next += count;
      return given;
    }

    @Override
    public StepResult step(Pixels pixels, Targets targets, float[] teacherLogits) {
      throw new AssertionError("An evaluation asks for logits only");
    }

    @Override
    public void gatherStatistics(Pixels pixels, float share) {
      throw new AssertionError("An evaluation asks for logits only");
    }

    @Override
    public Map<String, float[]> parameters() {
      throw new AssertionError("An evaluation asks for logits only");
    }

    @Override
    public TrainedNetwork network() {
      throw new AssertionError("An evaluation asks for logits only");
    }

    @Override
    public TrainingState state() {
      throw new AssertionError("An evaluation asks for logits only");
    }

    @Override
    public void restore(TrainingState state) {
      throw new AssertionError("An evaluation asks for logits only");
    }

    @Override
    public void close() {}
  }
}

package dev.subbit.tribuo.training.internal.loop;

import dev.subbit.tribuo.training.internal.batches.BatchReader;
import dev.subbit.tribuo.training.internal.batches.ImageBatch;
import dev.subbit.tribuo.training.internal.batches.Targets;
import dev.subbit.tribuo.training.internal.engine.DivergedException;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.internal.engine.TrainingStage;
import dev.subbit.tribuo.training.metrics.LearningRateRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The learning-rate range test: trains with a rate that grows from step to step until the loss
 * explodes, and records the losses.
 *
 * <p>Source: Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017.
 */
public final class RangeTest {

  private static final int STEPS = 120;
  private static final float FIRST_RATE = 1e-6f;
  private static final float LAST_RATE = 10;

  /** Share that the moving average of the losses keeps at a step. */
  private static final double SMOOTHING = 0.9;

  /** The test ends where the average is so many times its lowest value. */
  private static final double EXPLODED = 4;

  private RangeTest() {}

  /**
   * Runs the test on a stage.
   *
   * @param engine what to train with.
   * @param stage the stage, whose own rates and number of epochs do not matter.
   * @param initial the parameters that it starts from.
   * @return what was found.
   * @throws IllegalStateException if the loss of the first step is not a number.
   */
  public static LearningRateRange run(
      TrainingEngine engine, TrainingStage stage, Map<String, float[]> initial) {
    TrainingStage probe = stage.withGrowingRate(STEPS, FIRST_RATE, LAST_RATE);
    List<LearningRateRange.Point> points = new ArrayList<>();
    double sum = 0;
    double lowest = Double.POSITIVE_INFINITY;
    try (TrainingRun run = probe.start(engine, initial);
        BatchReader reader = probe.batches().open(0, 0)) {
      for (int step = 0; step < STEPS; step++) {
        ImageBatch images = reader.next();
        int count = probe.batches().count();
        Targets targets = probe.batches().targets(step / count, step % count, images);
        double loss = run.step(images.pixels(), targets).loss();
        sum = SMOOTHING * sum + (1 - SMOOTHING) * loss;
        // The first values count too little in the sum, by this factor.
        double smoothed = sum / (1 - StrictMath.pow(SMOOTHING, step + 1));
        points.add(new LearningRateRange.Point(probe.plan().learningRate(step), loss, smoothed));
        lowest = Math.min(lowest, smoothed);
        if (smoothed > EXPLODED * lowest) {
          break;
        }
      }
    } catch (DivergedException e) {
      // The loss is not even a number any more, which is an explosion, too.
      if (points.isEmpty()) {
        throw e;
      }
    }
    return LearningRateRange.of(points);
  }
}

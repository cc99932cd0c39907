package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.batches.Targets;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.util.Map;

/**
 * A training run that runs a teacher before every step. The teacher sees the images as the network
 * does, changed by augmentation and mixed. It stays open when the run is closed.
 */
record TaughtRun(TrainingRun run, TeacherSession teacher) implements TrainingRun {

  @Override
  public StepResult step(Pixels pixels, Targets targets) {
    return step(pixels, targets, teacher.logits(pixels.floats(), targets.classes().length));
  }

  @Override
  public StepResult step(Pixels pixels, Targets targets, float[] teacherLogits) {
    return run.step(pixels, targets, teacherLogits);
  }

  @Override
  public float[] logits(Pixels pixels) {
    return run.logits(pixels);
  }

  @Override
  public void gatherStatistics(Pixels pixels, float share) {
    run.gatherStatistics(pixels, share);
  }

  @Override
  public Map<String, float[]> parameters() {
    return run.parameters();
  }

  @Override
  public TrainingState state() {
    return run.state();
  }

  @Override
  public void restore(TrainingState state) {
    run.restore(state);
  }

  @Override
  public TrainedNetwork network() {
    return run.network();
  }

  @Override
  public void close() {
    run.close();
  }
}

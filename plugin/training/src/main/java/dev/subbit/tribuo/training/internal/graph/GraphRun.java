package dev.subbit.tribuo.training.internal.graph;

import dev.subbit.tribuo.quantizer.GraphTuner;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import java.util.Map;
import java.util.Set;

/** A training of a graph. Not safe for use by several threads. */
public interface GraphRun extends AutoCloseable {

  /**
   * Takes one step.
   *
   * @param batch inputs of the shape of the task's example.
   * @param targets the teacher's learned values on the batch, by name.
   * @param labels one class per sample; empty where the task has no classes.
   * @param trained what changes.
   * @param rate the learning rate: the share of its usual size by which a number changes at most.
   * @return what was minimised, before the step.
   */
  double step(
      Feed batch, Map<String, FloatArray> targets, int[] labels, Set<Trained> trained, float rate);

  /**
   * Runs the graph as it is in training.
   *
   * @param batch inputs of the shape of the task's example.
   * @return the learned values by name.
   */
  Map<String, FloatArray> run(Feed batch);

  /**
   * What has been learnt so far.
   *
   * @return the model and the layers; before the first step those of the task, bit by bit.
   */
  GraphTuner.Tuned state();

  @Override
  void close();
}

package dev.subbit.tribuo.training.internal.graph.tensorflow;

import dev.subbit.tribuo.training.internal.graph.GraphEngine;
import dev.subbit.tribuo.training.internal.graph.GraphRun;
import dev.subbit.tribuo.training.internal.graph.GraphTask;
import org.tensorflow.TensorFlow;

/** Trains ONNX graphs on TensorFlow-Java, on the CPU. */
public final class TensorFlowGraphEngine implements GraphEngine {

  /**
   * For {@link java.util.ServiceLoader}. Loads the native library, so that a missing or foreign one
   * shows here and not in the middle of a training.
   */
  public TensorFlowGraphEngine() {
    TensorFlow.version();
  }

  @Override
  public GraphRun start(GraphTask task) {
    return new TensorFlowGraphRun(task);
  }
}

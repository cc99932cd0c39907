package dev.subbit.tribuo.training.internal.graph;

import dev.subbit.tribuo.training.internal.engine.MissingEngine;
import java.util.Iterator;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * Trains ONNX graphs on some library. Found by {@link ServiceLoader}, so that everything except
 * training works without one on the class path.
 */
public interface GraphEngine {

  /**
   * Starts a training.
   *
   * @param task what is trained, and how.
   * @return the run, to be closed by the caller.
   * @throws IllegalArgumentException if the graph has an operator without gradient, or an attribute
   *     or a form of one that is not supported; the message names the node.
   * @throws IllegalStateException if the process trains with another number of threads.
   */
  GraphRun start(GraphTask task);

  /**
   * Finds the engine on the class path.
   *
   * @return the engine.
   * @throws IllegalStateException if there is none that can be loaded, saying what to add.
   */
  static GraphEngine load() {
    Throwable cause = null;
    try {
      Iterator<GraphEngine> engines = ServiceLoader.load(GraphEngine.class).iterator();
      if (engines.hasNext()) {
        return engines.next();
      }
    } catch (ServiceConfigurationError | LinkageError e) {
      cause = e;
    }
    throw new IllegalStateException(MissingEngine.message(cause), cause);
  }
}

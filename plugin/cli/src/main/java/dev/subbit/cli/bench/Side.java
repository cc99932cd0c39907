package dev.subbit.cli.bench;

import ai.onnxruntime.OrtException;
import dev.subbit.cli.bench.peer.Clock;
import java.io.IOException;

/** What takes its turn in a benchmark: a model, loaded somewhere. Not thread-safe. */
@FunctionalInterface
interface Side {

  /**
   * Runs the model several times in a row.
   *
   * @param runs how often, at least once.
   * @param clock what counts as time.
   * @return seconds of all runs.
   * @throws OrtException if ONNX Runtime fails.
   * @throws IOException if a process with the model fails.
   */
  double seconds(int runs, Clock clock) throws OrtException, IOException;
}

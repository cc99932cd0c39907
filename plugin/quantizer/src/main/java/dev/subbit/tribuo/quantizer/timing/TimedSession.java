package dev.subbit.tribuo.quantizer.timing;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.tribuo.quantizer.graph.Feed;
import java.util.Map;

/** A model with one input that stays in memory, to be run again and again. */
final class TimedSession implements AutoCloseable {

  private final OrtSession session;
  private final OnnxTensor input;
  private final String name;
  private final String backend;

  /**
   * Loads a model on Subbit's kernels where they run on this machine, else with function bodies.
   *
   * @param model the model; of one input.
   * @param feed the input.
   */
  TimedSession(ModelProto model, Feed feed) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    ExecutionBackend chosen = ExecutionBackend.preferred();
    this.backend = chosen.name();
    this.name = feed.tensors().keySet().iterator().next();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      chosen.configure(options, Map.of());
      this.session = environment.createSession(model.toByteArray(), options);
      this.input = feed.tensors().get(name).toOnnx(environment);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot load one layer: " + e.getMessage(), e);
    }
  }

  String backend() {
    return backend;
  }

  /** Runs once and returns the time in microseconds. */
  double run() {
    long start = System.nanoTime();
    try {
      session.run(Map.of(name, input)).close();
      return (System.nanoTime() - start) / 1e3;
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot run one layer: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    input.close();
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot close the session", e);
    }
  }
}

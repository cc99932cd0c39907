package dev.subbit.tribuo;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.SubBitSessions;
import java.lang.ref.Cleaner;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * An ONNX Runtime session that opens at its first run. Safe for use by many threads: runs go on
 * side by side, and closing waits for those under way. A session that nobody closes is closed when
 * it is garbage collected.
 */
final class ModelSession implements AutoCloseable {

  private static final Cleaner CLEANER = Cleaner.create();

  private final Supplier<byte[]> model;
  private volatile BackendChoice backend;
  private final int threads;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Handle handle = new Handle();
  private final Cleaner.Cleanable cleanable = CLEANER.register(this, handle);
  private boolean closed;

  /**
   * The native session, which the cleaner closes after this object is gone; it must not refer to
   * this object.
   */
  private static final class Handle implements Runnable {
    private OrtSession session;

    @Override
    public void run() {
      if (session != null) {
        try {
          session.close();
        } catch (OrtException e) {
          throw new IllegalStateException("ONNX Runtime cannot close the session", e);
        }
        session = null;
      }
    }
  }

  /**
   * Makes a session that opens ONNX Runtime only at its first run.
   *
   * @param model gives the serialised ONNX model; asked once.
   * @param backend what to run on, or null for the preferred one of this machine.
   */
  ModelSession(Supplier<byte[]> model, BackendChoice backend) {
    this(model, backend, 0);
  }

  /**
   * Makes a session that opens ONNX Runtime only at its first run.
   *
   * @param model gives the serialised ONNX model; asked once.
   * @param backend what to run on, or null for the preferred one of this machine.
   * @param threads threads of one run; 0 for one per core.
   */
  ModelSession(Supplier<byte[]> model, BackendChoice backend, int threads) {
    this.model = model;
    this.backend = backend;
    this.threads = threads;
  }

  /** The back end that the session runs on. */
  BackendChoice backend() {
    if (backend == null) {
      backend = BackendChoice.preferred();
    }
    return backend;
  }

  /**
   * Runs the model on one batch.
   *
   * @param input name of its one input, float.
   * @param output name of the output to compute, float.
   * @param values values of the input.
   * @param shape shape of the input.
   * @return the values of the output.
   * @throws IllegalStateException if the session is closed, cannot be opened on the back end, or
   *     fails.
   */
  float[] run(String input, String output, float[] values, long... shape) {
    open();
    lock.readLock().lock();
    try {
      requireOpen();
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      try (OnnxTensor tensor =
              OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
          OrtSession.Result result = handle.session.run(Map.of(input, tensor), Set.of(output))) {
        FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
        float[] scores = new float[buffer.remaining()];
        buffer.get(scores);
        return scores;
      } catch (OrtException e) {
        throw new IllegalStateException(
            "The model failed on back end '" + backend().name() + "': " + e.getMessage(), e);
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  private void open() {
    lock.readLock().lock();
    try {
      requireOpen();
      if (handle.session != null) {
        return;
      }
    } finally {
      lock.readLock().unlock();
    }
    lock.writeLock().lock();
    try {
      requireOpen();
      if (handle.session == null) {
        handle.session = create();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private OrtSession create() {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      // Its warnings speak of node placement, about which a user of a model can do nothing.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      if (threads > 0) {
        options.setIntraOpNumThreads(threads);
      }
      ExecutionBackend.named(backend().name()).configure(options, backend().settings());
      return SubBitSessions.create(model.get(), options);
    } catch (OrtException e) {
      throw new IllegalStateException(
          "The model cannot be loaded on back end '" + backend().name() + "': " + e.getMessage(),
          e);
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("The model is closed");
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      closed = true;
      cleanable.clean();
    } finally {
      lock.writeLock().unlock();
    }
  }
}

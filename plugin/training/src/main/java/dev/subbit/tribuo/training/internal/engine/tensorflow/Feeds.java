package dev.subbit.tribuo.training.internal.engine.tensorflow;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** The tensors that one run of a session is fed with; they live until this is closed. */
public final class Feeds implements AutoCloseable {

  private final Session.Runner runner;
  private final List<TFloat32> tensors = new ArrayList<>();

  /**
   * Starts without any.
   *
   * @param runner the run to feed.
   */
  public Feeds(Session.Runner runner) {
    this.runner = runner;
  }

  /**
   * Feeds a scalar.
   *
   * @param placeholder what to feed.
   * @param value the number.
   */
  public void feed(Operand<TFloat32> placeholder, float value) {
    feed(placeholder, TFloat32.scalarOf(value));
  }

  /**
   * Feeds a tensor.
   *
   * @param placeholder what to feed.
   * @param shape the tensor's shape.
   * @param values its numbers, row-major.
   */
  public void feed(Operand<TFloat32> placeholder, Shape shape, float[] values) {
    feed(placeholder, TFloat32.tensorOf(shape, DataBuffers.of(values, true, false)));
  }

  private void feed(Operand<TFloat32> placeholder, TFloat32 tensor) {
    tensors.add(tensor);
    runner.feed(placeholder, tensor);
  }

  @Override
  public void close() {
    tensors.forEach(TFloat32::close);
  }
}

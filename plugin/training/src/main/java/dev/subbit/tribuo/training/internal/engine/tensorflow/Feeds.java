package dev.subbit.tribuo.training.internal.engine.tensorflow;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** The tensors that one run of a session is fed with; they live until this is closed. */
final class Feeds implements AutoCloseable {

  private final Session.Runner runner;
  private final List<TFloat32> tensors = new ArrayList<>();

  Feeds(Session.Runner runner) {
    this.runner = runner;
  }

  void feed(Operand<TFloat32> placeholder, float value) {
    feed(placeholder, TFloat32.scalarOf(value));
  }

  void feed(Operand<TFloat32> placeholder, Shape shape, float[] values) {
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

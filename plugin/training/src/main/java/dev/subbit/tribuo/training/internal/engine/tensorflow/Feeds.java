package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.training.internal.batches.Pixels;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/** The tensors that one run of a session is fed with; they live until this is closed. */
public final class Feeds implements AutoCloseable {

  private final Session.Runner runner;
  private final List<Tensor> tensors = new ArrayList<>();

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

  void feed(Operand<TInt32> placeholder, int[] values) {
    feed(placeholder, TInt32.vectorOf(values));
  }

  /**
   * Feeds images: bytes where they are bytes, and in place of what the graph makes of them where
   * they are floats.
   *
   * @param bytes the placeholder for bytes.
   * @param floats the same values as floats.
   */
  void feed(Operand<TUint8> bytes, Operand<TFloat32> floats, Shape shape, Pixels pixels) {
    if (pixels.areBytes()) {
      feed(bytes, TUint8.tensorOf(shape, DataBuffers.of(pixels.bytes(), true, false)));
    } else {
      feed(floats, shape, pixels.floats());
    }
  }

  private <T extends TType> void feed(Operand<T> placeholder, T tensor) {
    tensors.add(tensor);
    runner.feed(placeholder, tensor);
  }

  @Override
  public void close() {
    tensors.forEach(Tensor::close);
  }
}

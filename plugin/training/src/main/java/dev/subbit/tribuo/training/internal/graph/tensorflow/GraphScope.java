package dev.subbit.tribuo.training.internal.graph.tensorflow;

import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.training.internal.graph.FixedValues;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** The values of an ONNX graph that have a counterpart in a TensorFlow graph so far. */
final class GraphScope {

  private final Ops tf;
  private final FixedValues fixed;
  private final Map<String, GraphValue> values = new HashMap<>();

  GraphScope(Ops tf, FixedValues fixed) {
    this.tf = tf;
    this.fixed = fixed;
  }

  Ops tf() {
    return tf;
  }

  void put(String name, GraphValue value) {
    values.put(name, value);
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  /** A value that a node gave, a trained tensor, or else a constant. */
  GraphValue value(String name) {
    GraphValue value = values.get(name);
    if (value == null) {
      FloatArray constant = fixed.get(name);
      value = GraphValue.plain(tf, constant(constant.shape(), constant.values()));
      values.put(name, value);
    }
    return value;
  }

  Operand<TFloat32> plain(String name) {
    return value(name).plain();
  }

  Operand<TFloat32> constant(long[] shape, float[] numbers) {
    return tf.constant(Shape.of(shape), DataBuffers.of(numbers, true, false));
  }

  /** Numbers that do not depend on the inputs; refused where they do, or where they are trained. */
  float[] numbers(OnnxNode node, int input) {
    return constant(node, input).values();
  }

  /** Whole numbers that do not depend on the inputs. */
  long[] integers(OnnxNode node, int input) {
    float[] numbers = numbers(node, input);
    long[] integers = new long[numbers.length];
    Arrays.setAll(integers, i -> (long) numbers[i]);
    return integers;
  }

  FloatArray constant(OnnxNode node, int input) {
    String name = node.input(input);
    if (!fixed.has(name)) {
      throw node.refusal(
          "reads '"
              + name
              + "' as its input "
              + (input + 1)
              + ", which depends on the model's inputs; only a constant is supported there");
    }
    return fixed.get(name);
  }

  /** Brings an axis that may count from the end into the range of the axes of a value. */
  static int axis(OnnxNode node, long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw node.refusal("has axis " + axis + ", of a value with " + rank + " axes");
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }
}

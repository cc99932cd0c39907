package dev.subbit.tribuo.training.internal.engine.tensorflow;

import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.AssignVariableOp;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;

/**
 * A variable of the graph, in the layout that {@link dev.subbit.tribuo.network.Layer} gives its
 * parameter. A resource variable: an update never changes a value that was read before, so reads
 * need no ordering against updates.
 */
public final class Parameter {

  private final String name;
  private final Shape shape;
  private final VarHandleOp handle;
  private final Operand<TFloat32> value;
  private final Placeholder<TFloat32> newValue;
  private final AssignVariableOp assign;

  /**
   * Makes a variable.
   *
   * @param tf the graph.
   * @param name its name, unique in the graph.
   * @param dimensions its shape.
   */
  public Parameter(Ops tf, String name, long... dimensions) {
    this.name = name;
    this.shape = Shape.of(dimensions);
    this.handle = tf.varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName(name));
    this.value = tf.readVariableOp(handle, TFloat32.class);
    this.newValue = tf.placeholder(TFloat32.class, Placeholder.shape(shape));
    this.assign = tf.assignVariableOp(handle, newValue);
  }

  /**
   * The full name, {@code <node>/<parameter>}, or a name derived from it.
   *
   * @return the name.
   */
  public String name() {
    return name;
  }

  /**
   * The shape.
   *
   * @return its dimensions.
   */
  public Shape shape() {
    return shape;
  }

  /**
   * The variable itself, for operators that update it.
   *
   * @return its handle.
   */
  public VarHandleOp handle() {
    return handle;
  }

  /**
   * The value before this step's update.
   *
   * @return the value.
   */
  public Operand<TFloat32> value() {
    return value;
  }

  /**
   * The placeholder to feed for {@link #assign()}.
   *
   * @return the placeholder.
   */
  public Operand<TFloat32> newValue() {
    return newValue;
  }

  /**
   * Sets the value to what is fed for {@link #newValue()}.
   *
   * @return the operator that does.
   */
  public Op assign() {
    return assign;
  }
}

package dev.subbit.tribuo.training.internal.engine.tensorflow;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.op.Ops;

/** The variables of a graph, by name. */
final class Parameters {

  private final Ops tf;
  private final Map<String, Parameter> byName = new TreeMap<>();

  Parameters(Ops tf) {
    this.tf = tf;
  }

  /** Returns the variable of a name, which is made on first use. */
  Parameter get(String name, long... dimensions) {
    return byName.computeIfAbsent(name, n -> new Parameter(tf, n, dimensions));
  }

  Collection<Parameter> all() {
    return byName.values();
  }
}

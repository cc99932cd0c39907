package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The attributes of a layer of an integer network by their names, in the order of the table of
 * operators, and which of them are refused.
 */
final class IntegerSettings {

  private final SubBitOperator operator;
  private final Map<String, long[]> values;

  private IntegerSettings(SubBitOperator operator, Map<String, long[]> values) {
    this.operator = operator;
    this.values = values;
  }

  /**
   * Checks the attributes of a layer.
   *
   * @param where what to name in an error, such as {@code Node 'stem'}.
   * @param values one list for each of the operator's attributes, by its name.
   * @throws IllegalArgumentException if a value is refused.
   */
  static IntegerSettings of(String where, SubBitOperator operator, Map<String, long[]> values) {
    Map<String, long[]> ordered = new LinkedHashMap<>();
    for (OperatorTable.Attribute attribute : operator.attributes()) {
      long[] found = values.get(attribute.name());
      requireLimits(where, attribute, found);
      ordered.put(attribute.name(), found);
    }
    IntegerSettings settings = new IntegerSettings(operator, ordered);
    settings.requireFit(where);
    return settings;
  }

  /**
   * Checks what a layer that is a node of its own states: its attributes, and how many inputs and
   * outputs it has. What the inputs hold is not known before the model runs.
   *
   * @throws IllegalArgumentException if something is missing or refused; the message names the
   *     node.
   */
  static void requireValid(SubBitOperator operator, NodeProto node) {
    String where = operator.opType() + " node '" + node.getName() + "'";
    Map<String, long[]> values = new LinkedHashMap<>();
    for (OperatorTable.Attribute attribute : operator.attributes()) {
      values.put(attribute.name(), numbers(where, node, attribute));
    }
    of(where, operator, values);
    requireCount(where, "inputs", node.getInputCount(), operator.inputs().size());
    requireCount(where, "outputs", node.getOutputCount(), operator.outputs().size());
  }

  static void requireCount(String where, String what, int found, int count) {
    if (found != count) {
      throw refused(where, "the number of " + what, "" + found, "" + count);
    }
  }

  /**
   * The numbers of a node's attribute, each within the limits of the table of operators.
   *
   * @throws IllegalArgumentException if the attribute is missing, given twice, of another type or
   *     length, or beyond its limits.
   */
  static long[] numbers(String where, NodeProto node, OperatorTable.Attribute row) {
    AttributeProto.AttributeType type =
        row.list() ? AttributeProto.AttributeType.INTS : AttributeProto.AttributeType.INT;
    List<AttributeProto> found =
        node.getAttributeList().stream().filter(a -> a.getName().equals(row.name())).toList();
    if (found.size() != 1
        || found.get(0).getType() != type
        || !found.get(0).getRefAttrName().isEmpty()) {
      throw new IllegalArgumentException(
          where
              + ": "
              + row.name()
              + " is missing or not one "
              + (row.list() ? "list of integers" : "integer"));
    }
    long[] values =
        row.list()
            ? found.get(0).getIntsList().stream().mapToLong(v -> v).toArray()
            : new long[] {found.get(0).getI()};
    if (row.count() != OperatorTable.Attribute.ANY_LENGTH) {
      requireLength(where, row.name(), values.length, row.count());
    }
    requireLimits(where, row, values);
    return values;
  }

  static void requireLength(String where, String name, int found, int length) {
    if (found != length) {
      throw refused(where, "the length of " + name, "" + found, "" + length);
    }
  }

  private static void requireLimits(String where, OperatorTable.Attribute row, long... values) {
    for (long value : values) {
      if (value < row.least() || value > row.most()) {
        throw refused(where, row.name(), "" + value, row.least() + " to " + row.most());
      }
    }
  }

  /** Reads the attributes of a layer where they stand one after the other. */
  static IntegerSettings ofFlat(String where, SubBitOperator operator, List<Long> flat) {
    Map<String, long[]> values = new LinkedHashMap<>();
    int next = 0;
    for (OperatorTable.Attribute attribute : operator.attributes()) {
      values.put(
          attribute.name(),
          flat.subList(next, next + attribute.count()).stream().mapToLong(v -> v).toArray());
      next += attribute.count();
    }
    return of(where, operator, values);
  }

  /** How many numbers the attributes of an operator are. */
  static int count(SubBitOperator operator) {
    return operator.attributes().stream().mapToInt(OperatorTable.Attribute::count).sum();
  }

  private void requireFit(String where) {
    long[] pool = values.get(OperatorTable.POOL_SHAPE);
    if (pool != null) {
      boolean none = pool[0] == 1 && pool[1] == 1;
      for (long stride : values.get(OperatorTable.POOL_STRIDES)) {
        if (none && stride != 1) {
          throw refused(
              where, OperatorTable.POOL_STRIDES, String.valueOf(stride), "1 without a pool");
        }
      }
      requirePads(where, OperatorTable.POOL_PADS, pool);
    }
    long[] mean = values.get(OperatorTable.POOL);
    if (mean != null && mean[0] != mean[1]) {
      throw refused(where, OperatorTable.POOL, Arrays.toString(mean), "[1, 1] or [2, 2]");
    }
    long[] channels = values.get(OperatorTable.IN_CHANNELS);
    if (channels != null) {
      long largest = Codebook.TAPS * channels[0] << values.get(OperatorTable.SHIFT)[0];
      if (largest > Short.MAX_VALUE) {
        throw refused(
            where,
            "9 * in_channels * 2^shift",
            String.valueOf(largest),
            "at most " + Short.MAX_VALUE);
      }
    }
  }

  /** Refuses padding that is as large as the window, on its axis. */
  void requirePads(String where, String pads, long... window) {
    long[] found = values.get(pads);
    for (int i = 0; i < found.length; i++) {
      if (found[i] >= window[i % 2]) {
        throw refused(
            where,
            pads,
            Arrays.toString(found),
            "less than the window, " + Arrays.toString(window));
      }
    }
  }

  /** The attributes as a node has them. */
  List<AttributeProto> toProtos() {
    List<AttributeProto> attributes = new ArrayList<>();
    for (OperatorTable.Attribute attribute : operator.attributes()) {
      long[] value = values.get(attribute.name());
      attributes.add(
          attribute.list()
              ? OnnxProtos.attribute(attribute.name(), value)
              : OnnxProtos.attribute(attribute.name(), value[0]));
    }
    return attributes;
  }

  /** The attributes one after the other. */
  long[] toFlat() {
    return values.values().stream().flatMapToLong(Arrays::stream).toArray();
  }

  static IllegalArgumentException refused(String where, String what, String found, String allowed) {
    return new IllegalArgumentException(
        where + ": " + what + " is " + found + ", allowed: " + allowed);
  }
}

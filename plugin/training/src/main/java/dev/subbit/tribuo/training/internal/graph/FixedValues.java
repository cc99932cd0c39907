package dev.subbit.tribuo.training.internal.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The values of a graph that are the same for all inputs of one shape: constants, and whatever
 * nodes compute from constants and from shapes. ONNX Runtime computes them, so that the many small
 * nodes that exporters write around a reshape need no counterpart for training.
 */
public final class FixedValues {

  /** Operators that tell the shape of a value and not what is in it. */
  private static final Set<String> OF_SHAPES = Set.of("Shape", "Size");

  /** Operators that give other values each time. */
  private static final Set<String> RANDOM =
      Set.of(
          "Bernoulli",
          "Multinomial",
          "RandomNormal",
          "RandomNormalLike",
          "RandomUniform",
          "RandomUniformLike");

  private final Map<String, FloatArray> values = new HashMap<>();
  private final Set<String> names;

  private FixedValues(Set<String> names) {
    this.names = names;
  }

  /**
   * Computes the fixed values that the other nodes read.
   *
   * @param model the model, all its data inside.
   * @param feed inputs of the shape that the values are for.
   * @return the values.
   * @throws IllegalArgumentException if ONNX Runtime cannot run the model on the feed.
   */
  public static FixedValues of(ModelProto model, Feed feed) {
    GraphProto graph = model.getGraph();
    Set<String> fixed = names(graph);
    Set<String> read = new LinkedHashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      if (!fixed.contains(node.getOutput(0))) {
        node.getInputList().stream().filter(fixed::contains).forEach(read::add);
      }
    }
    FixedValues values = new FixedValues(fixed);
    if (!read.isEmpty()) {
      List<String> wanted = List.copyOf(read);
      try (GraphSession session = new GraphSession(PartialModel.of(model, wanted))) {
        Map<String, FloatArray> found = session.run(feed);
        wanted.forEach(name -> values.values.put(name, found.get(PartialModel.outputName(name))));
      }
    }
    return values;
  }

  private static Set<String> names(GraphProto graph) {
    Set<String> inputs = new HashSet<>();
    graph.getInputList().forEach(input -> inputs.add(input.getName()));
    Set<String> fixed = new HashSet<>();
    // An input that is left out is the same for all.
    fixed.add("");
    for (TensorProto tensor : graph.getInitializerList()) {
      if (!inputs.contains(tensor.getName())) {
        fixed.add(tensor.getName());
      }
    }
    graph.getSparseInitializerList().forEach(tensor -> fixed.add(tensor.getValues().getName()));
    for (NodeProto node : graph.getNodeList()) {
      boolean isFixed =
          OF_SHAPES.contains(node.getOpType())
              || fixed.containsAll(node.getInputList())
                  && !RANDOM.contains(node.getOpType())
                  && node.getAttributeList().stream().noneMatch(AttributeProto::hasG);
      if (isFixed) {
        fixed.addAll(node.getOutputList());
      }
    }
    fixed.remove("");
    return fixed;
  }

  /**
   * Whether a value is fixed.
   *
   * @param name its name.
   * @return true if it is the same for all inputs of one shape.
   */
  public boolean has(String name) {
    return names.contains(name);
  }

  /**
   * A fixed value that a node reads whose outputs are not fixed.
   *
   * @param name its name.
   * @return the value; numbers of any type as floats.
   * @throws IllegalArgumentException if there is none of that name.
   */
  public FloatArray get(String name) {
    FloatArray value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("'" + name + "' is not a constant");
    }
    return value;
  }
}

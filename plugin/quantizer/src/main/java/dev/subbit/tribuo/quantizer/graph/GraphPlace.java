package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Where a graph stands in a model: the way from the main graph into the bodies of its nodes.
 *
 * @param steps the way, empty for the main graph.
 */
public record GraphPlace(List<Step> steps) {

  /** The main graph of a model. */
  public static final GraphPlace MAIN = new GraphPlace(List.of());

  /**
   * The operators whose bodies convolutions are looked for in, with the attributes that hold them.
   */
  private static final Set<String> BODIES = Set.of("then_branch", "else_branch", "body");

  /**
   * A step into a body.
   *
   * @param node index of the node in its graph.
   * @param attribute index of the node's attribute that holds the body.
   */
  public record Step(int node, int attribute) {}

  // Copies the list, so that the place stays where it is.
  public GraphPlace {
    steps = List.copyOf(steps);
  }

  /**
   * Whether this is the main graph.
   *
   * @return false for bodies.
   */
  public boolean isMain() {
    return steps.isEmpty();
  }

  /** The place of a body. */
  GraphPlace inside(int node, int attribute) {
    List<Step> deeper = new ArrayList<>(steps);
    deeper.add(new Step(node, attribute));
    return new GraphPlace(deeper);
  }

  /** Whether a place is here, or in a body inside. */
  boolean holds(GraphPlace other) {
    return other.steps.size() >= steps.size() && other.steps.subList(0, steps.size()).equals(steps);
  }

  /** Whether an attribute of a node is a body that convolutions are looked for in. */
  static boolean isBody(NodeProto node, AttributeProto attribute) {
    return (GraphIndex.isStandard(node, "If") || GraphIndex.isStandard(node, "Loop"))
        && attribute.hasG()
        && BODIES.contains(attribute.getName());
  }

  /**
   * Describes the node whose body this is.
   *
   * @param main the main graph.
   * @return operator and name.
   */
  public String describe(GraphProto main) {
    GraphProto graph = main;
    for (Step step : steps.subList(0, steps.size() - 1)) {
      graph = graph.getNode(step.node()).getAttribute(step.attribute()).getG();
    }
    NodeProto node = graph.getNode(steps.get(steps.size() - 1).node());
    return node.getOpType() + " '" + ConvScan.nameOf(node) + "'";
  }

  /** What names in the graph at this place are preceded by, where names of all graphs are mixed. */
  String prefix() {
    StringBuilder prefix = new StringBuilder();
    steps.forEach(
        step -> prefix.append(step.node()).append('.').append(step.attribute()).append('/'));
    return prefix.toString();
  }
}

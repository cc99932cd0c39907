package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.OnnxProtos;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes values inside the bodies of If and Loop values of the main graph, so that they can be
 * observed like all others. A Loop gives those of all iterations, stacked along a new first axis;
 * an If whose other branch runs gives no values. All nodes keep their places.
 */
public final class BodyValues {

  /** A value of a body. */
  private record Wanted(List<GraphPlace.Step> way, String value, String name) {

    Wanted deeper() {
      return new Wanted(way.subList(1, way.size()), value, name);
    }

    /** Name that the value has at the end of a body, unique in the model. */
    String inside() {
      return name + "/" + way.size();
    }
  }

  private BodyValues() {}

  /**
   * Exposes what layers read and give.
   *
   * @param model the model that the layers were found in, or one with other layers in their places.
   * @param layers the layers.
   * @return the model, in whose main graph {@link ConvLayer#observedInput} and {@link
   *     ConvLayer#observedOutput} of the layers are values; the same object if none is in a body.
   */
  public static ModelProto expose(ModelProto model, List<ConvLayer> layers) {
    List<Wanted> wanted = new ArrayList<>();
    for (ConvLayer layer : layers) {
      if (!layer.place().isMain()) {
        wanted.add(new Wanted(layer.place().steps(), layer.input(), layer.observedInput()));
        wanted.add(new Wanted(layer.place().steps(), layer.output(), layer.observedOutput()));
      }
    }
    if (wanted.isEmpty()) {
      return model;
    }
    GraphProto.Builder graph = model.getGraph().toBuilder();
    exposeNodes(graph, wanted, true);
    return model.toBuilder().setGraph(graph).build();
  }

  /** Gives the nodes of a graph outputs for the values that are wanted of their bodies. */
  private static void exposeNodes(GraphProto.Builder graph, List<Wanted> wanted, boolean main) {
    Map<Integer, List<Wanted>> byNode = new TreeMap<>();
    for (Wanted one : wanted) {
      byNode.computeIfAbsent(one.way.get(0).node(), node -> new ArrayList<>()).add(one);
    }
    byNode.forEach(
        (at, all) -> {
          NodeProto.Builder node = graph.getNodeBuilder(at);
          for (int i = 0; i < node.getAttributeCount(); i++) {
            if (GraphPlace.isBody(node.build(), node.getAttribute(i))) {
              exposeBody(node.getAttributeBuilder(i), i, all);
            }
          }
          all.forEach(one -> node.addOutput(main ? one.name : one.inside()));
        });
  }

  /** Gives a body outputs for all that is wanted of its node, in order. */
  private static void exposeBody(AttributeProto.Builder attribute, int index, List<Wanted> all) {
    GraphProto.Builder body = attribute.getGBuilder();
    exposeNodes(
        body,
        all.stream()
            .filter(one -> one.way.get(0).attribute() == index && one.way.size() > 1)
            .map(Wanted::deeper)
            .toList(),
        false);
    for (Wanted one : all) {
      if (one.way.get(0).attribute() != index) {
        String none = one.inside() + "/none";
        body.addNode(
            NodeProto.newBuilder()
                .setName(none)
                .setOpType("Constant")
                .addOutput(none)
                .addAttribute(
                    AttributeProto.newBuilder()
                        .setName("value")
                        .setType(AttributeProto.AttributeType.TENSOR)
                        .setT(OnnxProtos.tensor(none, new float[0], 0, 1, 1, 1))));
        body.addOutput(OnnxProtos.valueOfAnyShape(none, DataType.FLOAT));
      } else if (one.way.size() > 1) {
        body.addOutput(OnnxProtos.valueOfAnyShape(one.deeper().inside(), DataType.FLOAT));
      } else {
        // What a body takes from outside cannot be its output.
        String end = one.inside() + "/end";
        body.addNode(
            NodeProto.newBuilder()
                .setName(end)
                .setOpType("Identity")
                .addInput(one.value)
                .addOutput(end));
        body.addOutput(OnnxProtos.valueOfAnyShape(end, DataType.FLOAT));
      }
    }
  }
}

package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.graph.BodyValues;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Tells which layers inside the bodies of If and Loop can be worked on. */
final class BodyLayers {

  private final ModelProto model;
  private final Calibration calibration;

  BodyLayers(ModelProto model, Calibration calibration) {
    this.model = model;
    this.calibration = calibration;
  }

  /**
   * Keeps the layers whose inputs and outputs can be observed: they have to run on a calibration
   * input, and in a Loop to keep their size from one iteration to the next.
   *
   * @param layers layers in any graph of the model.
   * @param left receives the others with the reason.
   * @return the layers of the main graph, and the others that can be observed.
   */
  List<ConvLayer> observable(List<ConvLayer> layers, List<LeftNode> left) {
    List<ConvLayer> inside = layers.stream().filter(layer -> !layer.place().isMain()).toList();
    Map<ConvLayer, String> reasons = new HashMap<>();
    try {
      reasons.putAll(neverRun(inside));
    } catch (IllegalArgumentException e) {
      for (ConvLayer layer : inside) {
        try {
          reasons.putAll(neverRun(List.of(layer)));
        } catch (IllegalArgumentException alone) {
          reasons.put(
              layer,
              ", where its values have not one size in all iterations and so cannot be observed");
        }
      }
    }
    return kept(layers, reasons, left);
  }

  /**
   * Keeps the layers of the main graph.
   *
   * @param layers layers in any graph of the model.
   * @param left receives the others with the reason.
   * @return the layers of the main graph.
   */
  List<ConvLayer> without(List<ConvLayer> layers, List<LeftNode> left) {
    Map<ConvLayer, String> reasons = new HashMap<>();
    layers.stream()
        .filter(layer -> !layer.place().isMain())
        .forEach(layer -> reasons.put(layer, ", where training does not reach"));
    return kept(layers, reasons, left);
  }

  private List<ConvLayer> kept(
      List<ConvLayer> layers, Map<ConvLayer, String> reasons, List<LeftNode> left) {
    List<ConvLayer> kept = new ArrayList<>();
    for (ConvLayer layer : layers) {
      if (reasons.containsKey(layer)) {
        String where = layer.place().describe(model.getGraph());
        left.add(new LeftNode(layer.name(), "Conv", "it is inside " + where + reasons.get(layer)));
      } else {
        kept.add(layer);
      }
    }
    return kept;
  }

  /**
   * The layers that no calibration input comes to.
   *
   * @throws IllegalArgumentException if ONNX Runtime cannot stack the values of all iterations.
   */
  private Map<ConvLayer, String> neverRun(List<ConvLayer> layers) {
    if (layers.isEmpty()) {
      return Map.of();
    }
    List<String> values = new ArrayList<>();
    for (ConvLayer layer : layers) {
      values.add(layer.observedInput());
      values.add(layer.observedOutput());
    }
    Map<ConvLayer, String> never = new HashMap<>();
    layers.forEach(layer -> never.put(layer, ", which does not run on any calibration input"));
    ModelProto exposed = PartialModel.of(BodyValues.expose(model, layers), values);
    try (GraphSession session = new GraphSession(exposed)) {
      for (Feed feed : calibration.fit()) {
        Map<String, FloatArray> found = session.run(feed);
        never
            .keySet()
            .removeIf(
                layer ->
                    found.get(PartialModel.outputName(layer.observedInput())).values().length > 0);
      }
      // Of these samples the values must have one size, too.
      for (List<Feed> feeds : List.of(calibration.choice(), calibration.heldOut())) {
        feeds.forEach(session::run);
      }
    }
    return never;
  }
}

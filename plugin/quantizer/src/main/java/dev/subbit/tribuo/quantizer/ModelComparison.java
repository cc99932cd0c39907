package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Compares the outputs of models with those of the untouched one. */
final class ModelComparison {

  private final GraphSession reference;
  private final Metric metric;

  /**
   * Prepares comparisons.
   *
   * @param reference the untouched model; stays open as long as this is used.
   * @param metric what decisions are.
   */
  ModelComparison(GraphSession reference, Metric metric) {
    this.reference = reference;
    this.metric = metric;
  }

  /**
   * Runs a model beside the untouched one.
   *
   * @param model a model with the same inputs and outputs.
   * @param feeds the inputs.
   * @return how far each output agrees, in the model's order.
   */
  List<OutputAgreement> with(ModelProto model, List<Feed> feeds) {
    Map<String, OutputAgreement> agreements = new LinkedHashMap<>();
    for (String output : reference.outputs()) {
      agreements.put(output, new OutputAgreement(output, reference.isDiscrete(output), metric));
    }
    try (GraphSession given = new GraphSession(model)) {
      for (Feed feed : feeds) {
        Map<String, FloatArray> before = reference.run(feed);
        Map<String, FloatArray> after = given.run(feed);
        agreements.forEach(
            (output, agreement) -> {
              if (before.containsKey(output) && after.containsKey(output)) {
                agreement.add(before.get(output), after.get(output), feed.samples());
              } else {
                agreement.cannotCompare("it is not a tensor of numbers");
              }
            });
      }
    }
    return List.copyOf(agreements.values());
  }
}

package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.graph.FunctionInlining;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.OperatorSets;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compares what a quantized model gives with what ONNX Runtime gives for the untouched file. */
final class UntouchedModel {

  private UntouchedModel() {}

  /**
   * Quantizes a model with eight stages at tau = 9, which come close to any weights.
   *
   * @param untouched the model.
   * @param feeds inputs; fitted to and compared on.
   * @param close the least signal-to-noise ratio of each output, in dB.
   * @return the result.
   */
  static QuantizationResult follows(ModelProto untouched, List<Feed> feeds, double close)
      throws IOException {
    Path file = Files.createTempFile("kind", ".onnx");
    try {
      Files.write(file, untouched.toByteArray());
      ModelProto ready =
          OperatorSets.upgrade("m", FunctionInlining.inline("m", untouched, all -> true));
      OnnxQuantizer quantizer =
          new OnnxQuantizer(new QuantizationSettings(new FitSettings(9, 8, 2, 1), List.of()));
      try (GraphSession reference = GraphSession.ofFile(file)) {
        QuantizationResult result =
            quantizer.quantize(ready, reference, Calibration.of(feeds), (done, all, what) -> {});
        assertUniqueNames(result.model().getGraph());
        assertEquals(
            untouched.getGraph().getOutputList(), result.model().getGraph().getOutputList());
        try (GraphSession given = new GraphSession(result.model())) {
          for (Feed feed : feeds) {
            Map<String, FloatArray> after = given.run(feed);
            reference
                .run(feed)
                .forEach((name, wanted) -> assertClose(name, wanted, after.get(name), close));
          }
        }
        return result;
      }
    } finally {
      Files.delete(file);
    }
  }

  private static void assertClose(String name, FloatArray wanted, FloatArray given, double close) {
    double mean = 0;
    for (float value : wanted.values()) {
      mean += value / wanted.values().length;
    }
    double signal = 0;
    double noise = 0;
    for (int i = 0; i < wanted.values().length; i++) {
      signal += Math.pow(wanted.values()[i] - mean, 2);
      noise += Math.pow(wanted.values()[i] - given.values()[i], 2);
    }
    double ratio = 10 * Math.log10(signal / noise);
    assertTrue(ratio > close, name + ": " + ratio + " dB");
  }

  private static void assertUniqueNames(GraphProto graph) {
    Set<String> given = new HashSet<>();
    graph.getInputList().forEach(input -> given.add(input.getName()));
    graph
        .getInitializerList()
        .forEach(tensor -> assertTrue(given.add(tensor.getName()), tensor.getName()));
    for (NodeProto node : graph.getNodeList()) {
      node.getOutputList().stream()
          .filter(output -> !output.isEmpty())
          .forEach(output -> assertTrue(given.add(output), output));
    }
  }
}

package dev.subbit.tribuo.export;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The values of an exported network's nodes for one image, on a back end. */
final class NodeValues {

  private NodeValues() {}

  /** The back ends that can run on this machine. */
  static List<ExecutionBackend> backends() {
    return ExecutionBackend.available().stream()
        .filter(b -> b.devices().stream().anyMatch(ExecutionBackend.Device::available))
        .toList();
  }

  /** Computes the values, by node. */
  static Map<String, float[]> of(
      TrainedNetwork network, List<String> nodes, float[] image, ExecutionBackend backend)
      throws OrtException {
    byte[] model =
        OnnxExporter.exportValues(network, everyPixel(image.length), nodes).toByteArray();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, float[]> values = new HashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      backend.configure(options, Map.of());
      try (OrtSession session = environment.createSession(model, options);
          OnnxTensor input =
              OnnxTensor.createTensor(
                  environment, FloatBuffer.wrap(image), new long[] {1, image.length});
          OrtSession.Result result = session.run(Map.of("input", input))) {
        for (String node : nodes) {
          OnnxTensor value = (OnnxTensor) result.get(OnnxExporter.valueName(node)).orElseThrow();
          FloatBuffer floats = value.getFloatBuffer();
          float[] copy = new float[floats.remaining()];
          floats.get(copy);
          values.put(node, copy);
        }
      }
    }
    return values;
  }

  static int[] everyPixel(int size) {
    return IntStream.range(0, size).toArray();
  }
}

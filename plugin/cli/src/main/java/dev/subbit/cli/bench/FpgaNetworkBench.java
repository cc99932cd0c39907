package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.ExecutionBackend.LayerTiming;
import dev.subbit.tribuo.export.OnnxExporter;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Counts the cycles of integer networks that an emulated element with tables runs whole, from
 * pixels to logits, and compares the logits with those of the function bodies.
 */
final class FpgaNetworkBench {

  private static final String TIMEOUT_MS = "3600000";
  private static final long SEED = 3;

  private FpgaNetworkBench() {}

  /**
   * Runs a batch of random images.
   *
   * @param network the network, whose weights are random.
   * @param element the processing element.
   * @param tau bits of an index, 1 to 5.
   * @param batch number of images.
   * @return a row for each operator, in the order of the network, and one for all.
   * @throws OrtException if the device fails, or a node is not on it.
   * @throws IllegalStateException if the device and the function bodies differ in a bit.
   */
  static List<FpgaNetworkRow> measure(BenchNetwork network, String element, int tau, int batch)
      throws OrtException {
    String device = "emulator:" + element;
    ModelProto model = network.inIntegersToLogits(tau);
    ExecutionBackend fpga = ExecutionBackend.named("fpga");
    fpga.drainTimings();
    ByteBuffer given =
        logits(model, fpga, Map.of("backend", device, "timeout_ms", TIMEOUT_MS), network, batch);
    List<LayerTiming> timings = fpga.drainTimings();
    ByteBuffer expected =
        logits(model, ExecutionBackend.named("onnxruntime"), Map.of(), network, batch);
    if (!given.equals(expected)) {
      throw new IllegalStateException(
          device + " and the function bodies differ in the logits of " + network.label());
    }
    Map<String, FpgaNetworkRow> rows = new LinkedHashMap<>();
    long all = 0;
    for (LayerTiming timing : timings) {
      long cycles = timing.cycles() / batch;
      all += cycles;
      rows.merge(
          timing.operator(),
          new FpgaNetworkRow(network.label(), element, timing.operator(), 1, cycles),
          (a, b) ->
              new FpgaNetworkRow(
                  a.network(), a.element(), a.operator(), a.layers() + 1, a.cycles() + b.cycles()));
    }
    List<FpgaNetworkRow> list = new ArrayList<>(rows.values());
    list.add(new FpgaNetworkRow(network.label(), element, "all", timings.size(), all));
    return list;
  }

  private static ByteBuffer logits(
      ModelProto model,
      ExecutionBackend backend,
      Map<String, String> settings,
      BenchNetwork network,
      int batch)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    FloatBuffer pixels = FloatBuffer.allocate(batch * network.images().size());
    Random random = new Random(SEED);
    while (pixels.hasRemaining()) {
      pixels.put(random.nextInt(256));
    }
    pixels.flip();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      backend.configure(options, settings);
      if (!settings.isEmpty()) {
        // A layer that the device leaves to the CPU must not look as if it cost nothing.
        options.addConfigEntry("session.disable_cpu_ep_fallback", "1");
      }
      try (OrtSession session = environment.createSession(model.toByteArray(), options);
          OnnxTensor x =
              OnnxTensor.createTensor(
                  environment, pixels, new long[] {batch, network.images().size()});
          OrtSession.Result result = session.run(Map.of(OnnxExporter.INPUT, x))) {
        ByteBuffer bytes = ((OnnxTensor) result.get(0)).getByteBuffer();
        return ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
      }
    }
  }
}

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
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Counts the cycles of an integer network that an element with tables runs whole, emulated or
 * simulated, from pixels to logits. Every logit must have the bits of the function bodies, and so
 * must those of the kernels.
 */
final class FpgaNetworkBench {

  private static final String TIMEOUT_MS = "86400000";
  private static final long SEED = 3;

  private final BenchNetwork network;
  private final int batch;
  private final ModelProto model;
  private final ByteBuffer expected;

  /**
   * Runs a batch of random images on the function bodies and the kernels.
   *
   * @param network the network, whose weights are random.
   * @param tau bits of an index, 1 to 5.
   * @param batch number of images.
   * @throws OrtException if ONNX Runtime cannot run the network.
   * @throws IllegalStateException if kernels and function bodies differ in a bit.
   */
  FpgaNetworkBench(BenchNetwork network, int tau, int batch) throws OrtException {
    this.network = network;
    this.batch = batch;
    this.model = network.inIntegersToLogits(tau);
    this.expected = logits(ExecutionBackend.named("onnxruntime"), Map.of());
    compare("the kernels", logits(ExecutionBackend.named("native"), Map.of()));
  }

  /**
   * Runs the same images on a device.
   *
   * @param backend one of {@link FpgaBench#BACKENDS}.
   * @param element tables or tables32.
   * @return a row for each operator, in the order of the network, and one for all.
   * @throws OrtException if the device fails, or a node is not on it.
   * @throws IllegalStateException if the device and the function bodies differ in a bit.
   */
  List<FpgaNetworkRow> measure(String backend, String element) throws OrtException {
    String device = backend + ":" + element;
    ExecutionBackend fpga = ExecutionBackend.named("fpga");
    fpga.drainTimings();
    compare(device, logits(fpga, Map.of("backend", device, "timeout_ms", TIMEOUT_MS)));
    List<LayerTiming> timings = fpga.drainTimings();
    Map<String, FpgaNetworkRow> rows = new LinkedHashMap<>();
    FpgaNetworkRow all = new FpgaNetworkRow(network.label(), backend, element, "all", 0, 0, "");
    for (LayerTiming timing : timings) {
      String kind = timing.kind().name().toLowerCase(Locale.ROOT);
      FpgaNetworkRow row =
          new FpgaNetworkRow(
              network.label(),
              backend,
              element,
              timing.operator(),
              1,
              timing.cycles() / batch,
              kind);
      rows.merge(timing.operator(), row, FpgaNetworkRow::plus);
      all = all.plus(row);
    }
    List<FpgaNetworkRow> list = new ArrayList<>(rows.values());
    list.add(all);
    return list;
  }

  private void compare(String place, ByteBuffer given) {
    if (!given.equals(expected)) {
      throw new IllegalStateException(
          place + " and the function bodies differ in the logits of " + network.label());
    }
  }

  private ByteBuffer logits(ExecutionBackend backend, Map<String, String> settings)
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

package dev.subbit.cli.bench;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.ExecutionBackend.LayerTiming;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * Counts the cycles of a network's 3x3 layers on emulated and simulated devices, in sub-bit mode
 * and as a plain binary engine with as many adders. Layers go through ONNX Runtime and the
 * execution provider like any model's, one random image each. What the devices give is compared bit
 * by bit. A layer shape that a network has several times runs once: cycles depend on the shape
 * alone.
 */
public final class FpgaBench {

  /** Bits of an index at which an engine is a plain binary one. */
  private static final int BNN_TAU = 9;

  /** A simulation of a large layer takes minutes. */
  private static final String TIMEOUT_MS = "3600000";

  private static final long SEED = 3;

  /**
   * Two engines with the same number of adders.
   *
   * @param name of the pair: the element of the sub-bit engine.
   * @param bnn element of the plain binary one.
   * @param subBit element of the sub-bit one.
   */
  public record Engines(String name, String bnn, String subBit) {

    /** The paper's element in both modes, and the one with shared partial sums. */
    public static final List<Engines> ALL =
        List.of(new Engines("paper", "paper", "paper"), new Engines("shared", "binary", "shared"));

    /**
     * Tables in block RAM, for binary activations. Its plain binary engine, the same array with two
     * look-ups per kernel, is modelled only.
     */
    public static final Engines TABLES = new Engines("tables", "", "tables");

    /** The same with half of the channels at once, which fits an ECP5-85F with whole networks. */
    public static final Engines TABLES32 = new Engines("tables32", "", "tables32");
  }

  /** The back ends that layers run on; the others are compared with the first. */
  public static final List<String> BACKENDS = List.of("emulator", "rtl");

  private record Run(FpgaLayer layer, String device, int tau) {}

  private record Outcome(long cycles, long bnnCycles, ByteBuffer bits) {}

  private final List<String> backends;
  private final FpgaLayer.Activations activations;
  private final int tau;
  private final Map<Run, Outcome> known = new HashMap<>();

  /**
   * Makes a benchmark for some back ends.
   *
   * @param backends some of {@link #BACKENDS}.
   * @param activations of the layers.
   * @param tau bits of an index of the sub-bit engine, 1 to 6, of tables 1 to 5.
   */
  FpgaBench(List<String> backends, FpgaLayer.Activations activations, int tau) {
    this.backends = List.copyOf(backends);
    this.activations = activations;
    this.tau = tau;
  }

  /**
   * Counts a network's cycles.
   *
   * @param network a name that {@link dev.subbit.tribuo.network.Networks} knows.
   * @param engines the engines to compare.
   * @return two rows per back end: plain binary, then sub-bit; of tables the second alone.
   * @throws OrtException if a device fails.
   * @throws IllegalStateException if two back ends differ in a bit of a layer's result, or one is
   *     missing.
   */
  public List<FpgaRow> measure(String network, Engines engines) throws OrtException {
    return measure(network, FpgaLayer.of(network), engines);
  }

  /**
   * Counts the cycles of each layer shape of a network.
   *
   * @param network a name that {@link dev.subbit.tribuo.network.Networks} knows.
   * @param engines the engines to compare.
   * @return the rows of each shape, in the order of the network; the network's name is followed by
   *     the shape and how often the network has it.
   * @throws OrtException if a device fails.
   * @throws IllegalStateException as {@link #measure} does.
   */
  public List<FpgaRow> measureLayers(String network, Engines engines) throws OrtException {
    Map<FpgaLayer, Integer> shapes = new LinkedHashMap<>();
    for (FpgaLayer layer : FpgaLayer.of(network)) {
      shapes.merge(layer, 1, Integer::sum);
    }
    List<FpgaRow> rows = new ArrayList<>();
    for (Map.Entry<FpgaLayer, Integer> shape : shapes.entrySet()) {
      FpgaLayer layer = shape.getKey();
      String name =
          String.format(
              Locale.ROOT,
              "%s %d to %d, %dx%d, stride %d (%d)",
              network,
              layer.in(),
              layer.out(),
              layer.height(),
              layer.width(),
              layer.stride(),
              shape.getValue());
      rows.addAll(measure(name, List.of(layer), engines));
    }
    return rows;
  }

  private List<FpgaRow> measure(String name, List<FpgaLayer> layers, Engines engines)
      throws OrtException {
    Map<String, Long> bnn = new HashMap<>();
    Map<String, Long> subBit = new HashMap<>();
    Map<String, Long> modelled = new HashMap<>();
    boolean plainRuns = !engines.bnn().isEmpty();
    for (FpgaLayer layer : layers) {
      if (plainRuns) {
        count(layer, engines.bnn(), BNN_TAU, bnn, new HashMap<>());
      }
      count(layer, engines.subBit(), tau, subBit, modelled);
    }
    List<FpgaRow> rows = new ArrayList<>();
    for (String backend : backends) {
      long plain = plainRuns ? bnn.get(backend) : modelled.get(backend);
      if (plainRuns) {
        rows.add(new FpgaRow(name, backend, engines.bnn(), "bnn", BNN_TAU, plain, plain));
      }
      rows.add(
          new FpgaRow(name, backend, engines.subBit(), "subbit", tau, subBit.get(backend), plain));
    }
    return rows;
  }

  /**
   * Runs a layer on an element of every back end and adds its cycles to the back ends' sums, and
   * those that the cycle model gives for a plain binary engine.
   */
  private void count(
      FpgaLayer layer, String element, int bits, Map<String, Long> sums, Map<String, Long> modelled)
      throws OrtException {
    Outcome first = null;
    for (String backend : backends) {
      Run run = new Run(layer, device(backend, element), bits);
      Outcome outcome = known.get(run);
      if (outcome == null) {
        outcome = run(run);
        known.put(run, outcome);
      }
      if (first == null) {
        first = outcome;
      } else if (!outcome.bits().equals(first.bits())) {
        throw new IllegalStateException(
            backend + " and " + backends.get(0) + " differ in the result of " + run);
      }
      sums.merge(backend, outcome.cycles(), Long::sum);
      modelled.merge(backend, outcome.bnnCycles(), Long::sum);
    }
  }

  /** The name of a back end's device with an element; the paper's element has no name. */
  private static String device(String backend, String element) {
    return element.equals("paper") ? backend : backend + ":" + element;
  }

  private Outcome run(Run run) throws OrtException {
    ExecutionBackend fpga = ExecutionBackend.named("fpga");
    FpgaLayer layer = run.layer();
    long[] shape = layer.inputShape(activations);
    ByteBuffer image =
        ByteBuffer.allocateDirect(
            Math.toIntExact(LongStream.of(shape).reduce(1, Math::multiplyExact)));
    byte[] pixels = new byte[image.capacity()];
    new Random(SEED).nextBytes(pixels);
    image.put(pixels).flip();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      fpga.configure(options, Map.of("backend", run.device(), "timeout_ms", TIMEOUT_MS));
      // A layer that the device leaves to the CPU must not look as if it cost nothing.
      options.addConfigEntry("session.disable_cpu_ep_fallback", "1");
      try (OrtSession session =
              environment.createSession(
                  layer.model(activations, run.tau()).toByteArray(), options);
          OnnxTensor x = OnnxTensor.createTensor(environment, image, shape, OnnxJavaType.UINT8)) {
        fpga.drainTimings();
        try (OrtSession.Result result = session.run(Map.of("x", x))) {
          ByteBuffer given = ((OnnxTensor) result.get(0)).getByteBuffer();
          ByteBuffer bits = ByteBuffer.allocate(given.remaining()).put(given).flip();
          List<LayerTiming> timings = fpga.drainTimings();
          return new Outcome(
              timings.stream().mapToLong(LayerTiming::cycles).sum(),
              timings.stream().mapToLong(LayerTiming::bnnCycles).sum(),
              bits);
        }
      }
    }
  }
}

package dev.subbit.fpga;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtEpDevice;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.SubBitOps;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The back end {@code fpga}: an ONNX Runtime execution provider that runs {@code QLinearSubBitConv}
 * and {@code BinarySubBitConv} nodes on a device, real or emulated. Nodes that the device cannot
 * run go to Subbit's CPU kernels, everything else to ONNX Runtime's.
 *
 * <p>Settings: {@code backend}, one of {@code auto}, {@code emulator}, {@code rtl}, {@code xdma},
 * {@code uio}, or one board of several such as {@code xdma:1} (else the system property {@code
 * subbit.fpga.backend}, else the environment variable {@code SUBBIT_FPGA_BACKEND}, else {@code
 * auto}); {@code timeout_ms}, milliseconds that the device may take for one request (30000); {@code
 * fallback}, what happens when the device fails: {@code none} (the run ends with an {@link
 * OrtException} of which {@link FpgaFault#of} tells the kind) or {@code cpu} (the session warns
 * once and goes on on the CPU, with the same results).
 *
 * <p>The provider library is registered with ONNX Runtime once and stays registered until the
 * process ends, since ONNX Runtime cannot let go of one safely while sessions may live.
 */
public final class FpgaBackend implements ExecutionBackend {

  /** Name of the execution provider, as ONNX Runtime's profile shows it. */
  public static final String PROVIDER = "SubBitFpga";

  private static final String TIMEOUT = "timeout_ms";
  private static final String FALLBACK = "fallback";
  private static OrtEpDevice device;

  /** For {@link java.util.ServiceLoader}. */
  public FpgaBackend() {}

  @Override
  public String name() {
    return "fpga";
  }

  /**
   * {@inheritDoc}
   *
   * <p>Registers Subbit's CPU kernels as well, so they must not be registered on these options
   * before.
   */
  @Override
  public void configure(OrtSession.SessionOptions options, Map<String, String> settings)
      throws OrtException {
    requireKnown(settings);
    Map<String, String> providerOptions = new HashMap<>();
    providerOptions.put(BackendChoice.SETTING, BackendChoice.of(settings));
    for (String option : List.of(TIMEOUT, FALLBACK)) {
      if (settings.containsKey(option)) {
        providerOptions.put(option, settings.get(option));
      }
    }
    SubBitOps.registerWithoutPackedSigns(options);
    options.addExecutionProvider(List.of(device()), providerOptions);
  }

  private static void requireKnown(Map<String, String> settings) {
    TreeSet<String> unknown = new TreeSet<>(settings.keySet());
    unknown.removeAll(List.of(BackendChoice.SETTING, TIMEOUT, FALLBACK));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "Back end 'fpga' has no setting '"
              + unknown.first()
              + "'; it has: "
              + BackendChoice.SETTING
              + ", "
              + TIMEOUT
              + ", "
              + FALLBACK);
    }
  }

  /** The provider's device, registering its library on first use. */
  private static synchronized OrtEpDevice device() throws OrtException {
    if (device == null) {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      environment.registerExecutionProviderLibrary(PROVIDER, FpgaNative.load().toString());
      device =
          environment.getEpDevices().stream()
              .filter(candidate -> candidate.getEpName().equals(PROVIDER))
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "ONNX Runtime lists no device of the provider "
                              + PROVIDER
                              + " although its library was registered; run on ONNX Runtime 1.24 or"
                              + " newer"));
    }
    return device;
  }

  @Override
  public List<Device> devices() {
    try {
      FpgaNative.load();
    } catch (IllegalStateException e) {
      return List.of(new Device("emulator", "software model of the engine", false, e.getMessage()));
    }
    String host = HostReport.ofThisMachine().summary();
    List<Device> devices = new ArrayList<>();
    FpgaNative.listBackends(
        (name, description, available, reason) ->
            devices.add(
                new Device(
                    name,
                    name.equals("emulator") ? description + ", on " + host : description,
                    available,
                    reason)));
    return List.copyOf(devices);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The counters are kept for the whole process, over all sessions; the newest 100,000 of them.
   */
  @Override
  public List<LayerTiming> drainTimings() {
    FpgaNative.load();
    List<LayerTiming> timings = new ArrayList<>();
    FpgaNative.drainTimings(
        (node, opType, tau, cycles, bnnCycles, kind) ->
            timings.add(
                new LayerTiming(
                    new String(node, StandardCharsets.UTF_8),
                    new String(opType, StandardCharsets.UTF_8),
                    tau,
                    cycles,
                    bnnCycles,
                    TimingKind.values()[kind])));
    return List.copyOf(timings);
  }
}

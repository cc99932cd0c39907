package dev.subbit.fpga;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.OnnxRuntimeVersion;
import dev.subbit.onnx.SubBitOps;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The back end {@code fpga}: an ONNX Runtime execution provider that runs the nodes of sub-bit
 * convolutions and 8-bit residual blocks on a device, real or emulated. Nodes that the device
 * cannot run go to Subbit's CPU kernels, everything else to ONNX Runtime's.
 *
 * <p>Settings: {@code backend}, one of {@code auto}, {@code emulator}, {@code rtl}, {@code xdma},
 * {@code uio}, or a particular board such as {@code xdma:1} or {@code etherbone:192.168.1.50} (else
 * the system property {@code subbit.fpga.backend}, else the environment variable {@code
 * SUBBIT_FPGA_BACKEND}, else {@code auto}); {@code timeout_ms}, the milliseconds that the device
 * may take for one request (30000); {@code fallback}, what happens when the device fails: {@code
 * none} (the run ends with an {@link OrtException}, whose kind {@link FpgaFault#of} returns) or
 * {@code cpu} (the session warns once and continues on the CPU, with the same results).
 *
 * <p>The provider library is registered with ONNX Runtime once and stays registered until the
 * process ends, since ONNX Runtime cannot safely unregister a library while a session may still use
 * it.
 */
public final class FpgaBackend implements ExecutionBackend {

  /** The name of the execution provider, which also appears in ONNX Runtime's profiles. */
  public static final String PROVIDER = "SubBitFpga";

  private static final String TIMEOUT = "timeout_ms";
  private static final String FALLBACK = "fallback";

  /** Creates the back end; {@link java.util.ServiceLoader} calls this. */
  public FpgaBackend() {}

  @Override
  public String name() {
    return "fpga";
  }

  /**
   * {@inheritDoc}
   *
   * <p>Registers Subbit's CPU kernels as well, so do not register them on the same options
   * yourself.
   */
  @Override
  public void configure(OrtSession.SessionOptions options, Map<String, String> settings)
      throws OrtException {
    requireKnown(settings);
    OnnxRuntimeVersion.requireForNativeCode(name());
    Map<String, String> providerOptions = new HashMap<>();
    providerOptions.put(BackendChoice.SETTING, BackendChoice.of(settings));
    for (String option : List.of(TIMEOUT, FALLBACK)) {
      if (settings.containsKey(option)) {
        providerOptions.put(option, settings.get(option));
      }
    }
    SubBitOps.registerForDevice(options);
    Provider.add(options, providerOptions);
  }

  private static void requireKnown(Map<String, String> settings) {
    TreeSet<String> unknown = new TreeSet<>(settings.keySet());
    unknown.removeAll(List.of(BackendChoice.SETTING, TIMEOUT, FALLBACK));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "Back end 'fpga' has no setting '"
              + unknown.first()
              + "'; allowed are: "
              + BackendChoice.SETTING
              + ", "
              + TIMEOUT
              + ", "
              + FALLBACK);
    }
  }

  @Override
  public List<Device> devices() {
    try {
      FpgaNative.load();
    } catch (IllegalStateException e) {
      return List.of(new Device("emulator", "software model of the engine", false, e.getMessage()));
    }
    Optional<String> tooOld = OnnxRuntimeVersion.tooOldForNativeCode();
    String host = HostReport.ofThisMachine().summary();
    List<Device> devices = new ArrayList<>();
    FpgaNative.listBackends(
        (name, description, available, reason) ->
            devices.add(
                new Device(
                    name,
                    name.equals("emulator") ? description + ", on " + host : description,
                    available && tooOld.isEmpty(),
                    tooOld.orElse(reason))));
    return List.copyOf(devices);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The counts are kept for the whole process, across all sessions; only the newest 100,000 are
   * kept.
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

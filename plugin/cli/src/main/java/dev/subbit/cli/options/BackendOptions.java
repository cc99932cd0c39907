package dev.subbit.cli.options;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The options that choose where a model runs: {@code --backend NAME} and {@code --fpga-backend
 * NAME}.
 */
public final class BackendOptions {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "native",
      description =
          "Where the model runs: onnxruntime (the function bodies inside the model), native"
              + " (Subbit's kernels) or fpga. Default: ${DEFAULT-VALUE}.")
  private String backend;

  @Option(
      names = "--fpga-backend",
      paramLabel = "NAME",
      description =
          "The device that the fpga back end drives, as ./subbit devices lists them, or auto. predict"
              + " takes several, separated by commas, which share the images; the others do the work"
              + " of one that fails.")
  private String fpgaBackend;

  @Option(
      names = "--fpga-fallback",
      paramLabel = "WHAT",
      description =
          "What happens when the device fails: none (an error) or cpu (one warning, and the CPU"
              + " continues with the same results). Default: none.")
  private String fpgaFallback;

  /**
   * The back end's name.
   *
   * @return the name, which may not exist.
   */
  public String name() {
    return backend;
  }

  /**
   * The back end's settings.
   *
   * @return settings by name.
   * @throws ParameterException if a setting of another back end was given.
   */
  public Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    putFpga(settings, "backend", fpgaBackend);
    putFpga(settings, "fallback", fpgaFallback);
    return settings;
  }

  /**
   * The devices of the back end.
   *
   * @return their names, as they were given; empty without the option.
   */
  public List<String> devices() {
    return fpgaBackend == null ? List.of() : List.of(fpgaBackend.split(",", -1));
  }

  private void putFpga(Map<String, String> settings, String name, String value) {
    if (value != null) {
      if (!backend.equals("fpga")) {
        throw new ParameterException(
            spec.commandLine(), "--fpga-" + name + " needs --backend fpga");
      }
      settings.put(name, value);
    }
  }
}

package dev.subbit.tribuo.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.tribuo.report.DemoResult.Cycles;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * A model on one back end, beside the back end that the others are compared with.
 *
 * @param model the model's file.
 * @param backend the back end, or the device of the back end {@code fpga}.
 * @param images number of images.
 * @param accuracy share of images classified correctly, 0 to 1.
 * @param imagesPerSecond speed after a warm-up, in batches.
 * @param sameLabels images with the same label as there.
 * @param sameBits whether every output has the same bits as there.
 * @param largestDifference of two outputs.
 * @param cycles what the device counted, or null where there is no device.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ComparedRun(
    String model,
    String backend,
    int images,
    double accuracy,
    double imagesPerSecond,
    int sameLabels,
    boolean sameBits,
    double largestDifference,
    Cycles cycles) {

  private static final String FPGA = "fpga";

  /** A request of a simulated device holds many images, each of which takes seconds. */
  private static final String SIMULATION_TIMEOUT_MILLIS = "3600000";

  /**
   * Somewhere to run.
   *
   * @param name what the user calls it.
   * @param backend name of the back end.
   * @param settings its settings.
   */
  record Place(String name, String backend, Map<String, String> settings) {

    /**
     * Finds a place by its name: a back end's, or that of a device of the back end {@code fpga}.
     *
     * @param name the name.
     * @return the place.
     * @throws UserError if there is none of that name, or if it cannot be used here.
     */
    static Place named(String name) {
      Set<String> names =
          ExecutionBackend.available().stream()
              .map(ExecutionBackend::name)
              .filter(backend -> !backend.equals(FPGA))
              .collect(Collectors.toSet());
      if (names.contains(name)) {
        return new Place(name, name, Map.of());
      }
      List<ExecutionBackend.Device> devices = ExecutionBackend.named(FPGA).devices();
      for (ExecutionBackend.Device device : devices) {
        if (device.name().equals(name)) {
          if (!device.available()) {
            throw new UserError("The device " + name + " cannot be used: " + device.reason() + ".");
          }
          return new Place(
              name,
              FPGA,
              name.startsWith("rtl")
                  ? Map.of("backend", name, "timeout_ms", SIMULATION_TIMEOUT_MILLIS)
                  : Map.of("backend", name));
        }
      }
      throw new UserError(
          "There is no back end and no device '"
              + name
              + "'; there are: "
              + names.stream().sorted().collect(Collectors.joining(", "))
              + ", "
              + devices.stream()
                  .map(ExecutionBackend.Device::name)
                  .collect(Collectors.joining(", "))
              + ".");
    }
  }

  /**
   * Compares a run.
   *
   * @param model the model's file.
   * @param place where it ran.
   * @param run the run.
   * @param reference what it is compared with.
   * @param inputs the images of both.
   * @param labels the model's labels by output column.
   * @return the comparison.
   */
  static ComparedRun of(
      Path model,
      Place place,
      OnnxRun run,
      OnnxRun reference,
      ModelInputs inputs,
      ImmutableOutputInfo<Label> labels) {
    return new ComparedRun(
        model.getFileName().toString(),
        place.name(),
        inputs.size(),
        (double) run.right(inputs, labels) / inputs.size(),
        run.imagesPerSecond(),
        run.sameClasses(reference),
        run.sameBits(reference),
        run.largestDifference(reference),
        run.cycles());
  }

  /**
   * Whether the outputs are near enough.
   *
   * @param tolerance how far apart they may be; 0 asks for the same bits.
   * @return true if so.
   */
  boolean agrees(double tolerance) {
    return sameBits || (tolerance > 0 && largestDifference <= tolerance);
  }
}

package dev.subbit.cli.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.subbit.tribuo.evaluation.BackendRun.Cycles;
import java.util.List;

/**
 * Everything that one run of the demo measured; the table, the JSON file and the HTML page all show
 * this and nothing else.
 *
 * @param data what was trained and tested on.
 * @param host where it ran.
 * @param phases how long each part took.
 * @param models one entry per trained or quantized model.
 */
public record DemoResult(Data data, Host host, List<Phase> phases, List<Model> models) {

  /**
   * The images of the demo.
   *
   * @param description one line for a person.
   * @param folder where they were read from.
   * @param trainImages number of training images used.
   * @param testImages number of test images used.
   */
  public record Data(String description, String folder, int trainImages, int testImages) {}

  /**
   * The machine that the demo runs on.
   *
   * @param os operating system and architecture.
   * @param processors processors that the JVM may use.
   * @param java version of the JVM.
   */
  public record Host(String os, int processors, String java) {
    /**
     * The machine this runs on.
     *
     * @return its description.
     */
    public static Host current() {
      return new Host(
          System.getProperty("os.name") + " " + System.getProperty("os.arch"),
          Runtime.getRuntime().availableProcessors(),
          System.getProperty("java.version"));
    }
  }

  /**
   * One part of the run.
   *
   * @param name what was done.
   * @param seconds how long it took.
   */
  public record Phase(String name, double seconds) {}

  /**
   * One model and how it ran everywhere.
   *
   * @param name short name, such as {@code binary}.
   * @param description one line for a person.
   * @param tau bits of an index.
   * @param bitsPerWeight bits of the index planes over the weights they stand for.
   * @param storedBitsPerWeight the same with codebooks and scales counted in.
   * @param fileBytes size of the ONNX file.
   * @param floatFileBytes size of the ONNX file of the same network with 32-bit weights.
   * @param oneBitFileBytes size of the ONNX file of the same network with one bit per weight (tau =
   *     9).
   * @param epochs training history; empty for a model that was not trained itself.
   * @param runs one entry per back end, the function bodies first.
   */
  public record Model(
      String name,
      String description,
      int tau,
      double bitsPerWeight,
      double storedBitsPerWeight,
      long fileBytes,
      long floatFileBytes,
      long oneBitFileBytes,
      List<Epoch> epochs,
      List<Run> runs) {}

  /**
   * One pass over the training images.
   *
   * @param epoch its number, from 1.
   * @param loss mean cross-entropy over the pass.
   * @param accuracy share of training images classified correctly during the pass, 0 to 1.
   * @param imagesPerSecond training speed.
   */
  public record Epoch(int epoch, double loss, double accuracy, double imagesPerSecond) {}

  /**
   * One model on one back end, over the test images.
   *
   * @param backend name of the back end.
   * @param title its name in the table.
   * @param accuracy share of test images classified correctly, 0 to 1.
   * @param imagesPerSecond speed after a warm-up, in batches.
   * @param sameLabels images with the same label as on the function bodies.
   * @param sameBits whether every output has the same bits as on the function bodies.
   * @param cycles the cycles that the device counted, or null where there is no device.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Run(
      String backend,
      String title,
      double accuracy,
      double imagesPerSecond,
      int sameLabels,
      boolean sameBits,
      Cycles cycles) {}
}

package dev.subbit.cli.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.subbit.tribuo.evaluation.BackendRun;
import dev.subbit.tribuo.evaluation.BackendRun.Cycles;
import dev.subbit.tribuo.evaluation.ModelInputs;
import dev.subbit.tribuo.evaluation.Place;
import java.nio.file.Path;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * The results of a model on one back end, compared with those on the first back end.
 *
 * @param model the model's file.
 * @param backend the back end, or the device of the back end {@code fpga}.
 * @param images number of images.
 * @param accuracy share of images classified correctly, 0 to 1; not a number where the images have
 *     labels of other names than the model, such as 0 in place of ankle boot.
 * @param imagesPerSecond speed after a warm-up, in batches.
 * @param sameLabels images with the same label as on the first back end.
 * @param sameBits whether every output has the same bits as on the first back end.
 * @param largestDifference of two outputs.
 * @param cycles the cycles that the device counted, or null where there is no device.
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

  /**
   * Compares a run with the reference.
   *
   * @param model the model's file.
   * @param place where it ran.
   * @param run the run.
   * @param reference the run that it is compared with.
   * @param inputs the images of both.
   * @param labels the model's labels by output column.
   * @return the comparison.
   */
  static ComparedRun of(
      Path model,
      Place place,
      BackendRun run,
      BackendRun reference,
      ModelInputs inputs,
      ImmutableOutputInfo<Label> labels) {
    return new ComparedRun(
        model.getFileName().toString(),
        place.name(),
        inputs.size(),
        known(inputs, labels) ? (double) run.right(inputs, labels) / inputs.size() : Double.NaN,
        run.imagesPerSecond(),
        run.sameClasses(reference),
        run.sameBits(reference),
        run.largestDifference(reference),
        run.cycles());
  }

  /** Whether the model knows any of the images' labels. */
  private static boolean known(ModelInputs inputs, ImmutableOutputInfo<Label> labels) {
    return inputs.labels().stream().anyMatch(name -> labels.getID(new Label(name)) >= 0);
  }

  /**
   * Whether the outputs are close enough to those of the first back end.
   *
   * @param tolerance the largest difference allowed; 0 demands the same bits.
   * @return true if so.
   */
  boolean agrees(double tolerance) {
    return sameBits || (tolerance > 0 && largestDifference <= tolerance);
  }
}

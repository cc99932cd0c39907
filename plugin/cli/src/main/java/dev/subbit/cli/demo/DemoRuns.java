package dev.subbit.cli.demo;

import dev.subbit.cli.report.DemoResult.Run;
import dev.subbit.tribuo.evaluation.BackendRun;
import dev.subbit.tribuo.evaluation.ModelInputs;
import dev.subbit.tribuo.evaluation.Place;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * Runs one exported model over the test images on every back end, and compares with the function
 * bodies.
 */
final class DemoRuns {

  private static final Map<Place, String> TITLES =
      Map.of(
          Place.BODIES, "(a) function bodies",
          Place.KERNELS, "(b) native kernels",
          Place.EMULATOR, "(c) emulated FPGA");

  private final List<Run> runs = new ArrayList<>();
  private int[] classes;

  /**
   * Runs a model on every back end.
   *
   * @param model the ONNX file.
   * @param images the test images.
   * @param labels the model's labels by output column.
   * @param places where to run it, {@link Place#BODIES} first.
   * @param listener receives each run when it is done.
   * @return the runs.
   * @throws IllegalStateException if a back end refuses the model.
   */
  static DemoRuns of(
      Path model,
      ModelInputs images,
      ImmutableOutputInfo<Label> labels,
      List<Place> places,
      Consumer<Run> listener) {
    DemoRuns result = new DemoRuns();
    BackendRun reference = null;
    for (Place place : places) {
      BackendRun run = BackendRun.of(model, images, place);
      if (reference == null) {
        reference = run;
        result.classes = run.classes();
      }
      Run figures = compare(place, run, reference, images, labels);
      result.runs.add(figures);
      listener.accept(figures);
    }
    return result;
  }

  private static Run compare(
      Place place,
      BackendRun run,
      BackendRun reference,
      ModelInputs images,
      ImmutableOutputInfo<Label> labels) {
    return new Run(
        place.backend(),
        TITLES.get(place),
        (double) run.right(images, labels) / images.size(),
        run.imagesPerSecond(),
        run.sameClasses(reference),
        run.sameBits(reference),
        run.cycles());
  }

  /**
   * The runs.
   *
   * @return one per place.
   */
  List<Run> runs() {
    return runs;
  }

  /**
   * The classes that the function bodies predicted.
   *
   * @return output column of each image's class.
   */
  int[] classes() {
    return classes;
  }
}

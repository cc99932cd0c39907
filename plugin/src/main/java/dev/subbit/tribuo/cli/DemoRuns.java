package dev.subbit.tribuo.cli;

import ai.onnxruntime.OrtException;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.tribuo.report.DemoResult.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/** One exported model over the test images on every back end, compared with the function bodies. */
final class DemoRuns {

  /** A back end as the demo uses it. */
  enum Place {
    BODIES("(a) function bodies", "onnxruntime", Map.of()),
    KERNELS("(b) native kernels", "native", Map.of()),
    EMULATOR("(c) emulated FPGA", "fpga", Map.of("backend", "emulator"));

    private final String title;
    private final String backend;
    private final Map<String, String> settings;

    Place(String title, String backend, Map<String, String> settings) {
      this.title = title;
      this.backend = backend;
      this.settings = settings;
    }
  }

  private final List<Run> runs = new ArrayList<>();
  private int[] classes;

  /**
   * Runs a model.
   *
   * @param model the ONNX file.
   * @param images the test images.
   * @param labels the model's labels by output column.
   * @param places where to run it, {@link Place#BODIES} first.
   * @param listener told each run when it is done.
   * @return the runs.
   * @throws OrtException if ONNX Runtime refuses the model.
   */
  static DemoRuns of(
      Path model,
      ModelInputs images,
      ImmutableOutputInfo<Label> labels,
      List<Place> places,
      Consumer<Run> listener)
      throws OrtException {
    DemoRuns result = new DemoRuns();
    OnnxRun reference = null;
    for (Place place : places) {
      OnnxRun run =
          OnnxRun.of(model, images, ExecutionBackend.named(place.backend), place.settings);
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
      OnnxRun run,
      OnnxRun reference,
      ModelInputs images,
      ImmutableOutputInfo<Label> labels) {
    return new Run(
        place.backend,
        place.title,
        (double) run.right(images, labels) / images.size(),
        run.imagesPerSecond(),
        run.sameClasses(reference),
        run.sameBits(reference),
        run.cycles());
  }

  /**
   * The runs.
   *
   * @return one a place.
   */
  List<Run> runs() {
    return runs;
  }

  /**
   * What the function bodies said.
   *
   * @return output column of each image's class.
   */
  int[] classes() {
    return classes;
  }
}

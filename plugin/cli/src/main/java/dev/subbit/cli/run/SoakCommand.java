package dev.subbit.cli.run;

import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.ProgressOption;
import dev.subbit.cli.terminal.Progress;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.evaluation.Place;
import dev.subbit.tribuo.evaluation.Soak;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit soak}: runs a model for a long time and watches outputs and memory. */
@Command(
    name = "soak",
    description = {
      "Run a model for a long time by many threads on several back ends at once. Fails if an output"
          + " ever has other bits than when its image ran alone, or if memory keeps growing.",
      "The images are random. Networks with binary or 8-bit activations give the same bits on all"
          + " back ends, too; those with real activations need --tolerance."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit soak --minutes 5",
      "  ./subbit soak clothes-int8.sbm --threads 8 --minutes 30 --backends native,emulator",
      "  ./subbit soak clothes.sbm --backends onnxruntime,native --tolerance 1e-4"
    })
public final class SoakCommand implements Callable<Integer> {

  private static final int IMAGES = 64;
  private static final long SEED = 1;

  /** Samples of memory in the whole time, but no more than one a second. */
  private static final int SAMPLES = 100;

  private static final double MEGABYTE = 1 << 20;

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private ProgressOption progress;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL.sbm",
      defaultValue = "fashion-mnist-binary-tau5",
      description = "The saved model, or one of the zoo. Default: ${DEFAULT-VALUE}.")
  private Path file;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "8",
      description = "Threads that run the model at once. Default: ${DEFAULT-VALUE}.")
  private int threads;

  @Option(
      names = "--minutes",
      paramLabel = "M",
      defaultValue = "30",
      description = "How long, in minutes or parts of one. Default: ${DEFAULT-VALUE}.")
  private double minutes;

  @Option(
      names = "--backends",
      paramLabel = "NAME",
      split = ",",
      defaultValue = "native,emulator",
      description =
          "Where to run: onnxruntime (the function bodies inside the model), native (Subbit's"
              + " kernels), or a device of the back end fpga as ./subbit devices lists them."
              + " Default: ${DEFAULT-VALUE}.")
  private List<String> backends;

  @Option(
      names = "--tolerance",
      paramLabel = "D",
      defaultValue = "0",
      description =
          "Largest difference between an output on one back end and on another; 0 demands the same"
              + " bits. On one back end the bits must always be the same. Default:"
              + " ${DEFAULT-VALUE}.")
  private double tolerance;

  @Option(
      names = "--max-growth",
      paramLabel = "MB",
      defaultValue = "64",
      description =
          "How many megabytes more the process may have at the end than after the warm-up."
              + " Default: ${DEFAULT-VALUE}.")
  private double maxGrowth;

  /**
   * What came of it.
   *
   * @param model the model's file.
   * @param threads number of threads.
   * @param seconds how long they ran.
   * @param places what was run at each place.
   * @param memoryAfterWarmUp bytes of the process.
   * @param memoryAtTheEnd bytes of the process.
   */
  private record Report(
      String model,
      int threads,
      double seconds,
      List<Soak.Result> places,
      long memoryAfterWarmUp,
      long memoryAtTheEnd) {}

  @Override
  public Integer call() throws InterruptedException {
    require(threads >= 1, "--threads is " + threads + "; at least 1 is needed");
    require(minutes > 0, "--minutes is " + minutes + "; it must be more than 0");
    require(tolerance >= 0, "--tolerance is " + tolerance + "; it must not be negative");
    require(maxGrowth >= 0, "--max-growth is " + maxGrowth + "; it must not be negative");
    json.requireWritable();
    List<Place> places = backends.stream().map(Place::named).toList();
    Report report;
    try (SubBitModel model = ModelFile.load(file)) {
      byte[] onnx = model.exportONNXModel(ExportCommand.DEFAULT_DOMAIN, 1).toByteArray();
      report = run(onnx, images(model.getFeatureIDMap().size()), places);
    }
    json.write(report);
    print(report);
    requireFlat(report);
    return 0;
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), otherwise);
    }
  }

  private static float[][] images(int features) {
    Random random = new Random(SEED);
    float[][] images = new float[IMAGES][features];
    for (float[] image : images) {
      for (int i = 0; i < features; i++) {
        image[i] = random.nextInt(256);
      }
    }
    return images;
  }

  private Report run(byte[] onnx, float[][] images, List<Place> places)
      throws InterruptedException {
    Duration duration = Duration.ofMillis(Math.round(minutes * 60_000));
    MemoryWatch memory = new MemoryWatch();
    try (Progress bar = progress.of("Soaking " + file.getFileName());
        Soak soak = new Soak(onnx, images, places)) {
      requireSameOutputs(soak, places);
      long[] samples = {0};
      List<Soak.Result> results =
          soak.run(
              threads,
              duration,
              elapsed -> {
                if (elapsed.toMillis() * SAMPLES >= samples[0] * duration.toMillis()) {
                  memory.sample();
                  samples[0]++;
                }
                long done = Math.min(elapsed.toSeconds(), duration.toSeconds());
                bar.at(done, duration.toSeconds(), done + " s");
              });
      return new Report(
          file.getFileName().toString(),
          threads,
          duration.toMillis() / 1e3,
          results,
          memory.afterWarmUp(),
          memory.atTheEnd());
    }
  }

  private void requireSameOutputs(Soak soak, List<Place> places) {
    for (int i = 1; i < places.size(); i++) {
      double difference = soak.differenceFromFirst(i);
      if (!(difference <= tolerance)) {
        throw new UserError(
            String.format(
                Locale.ROOT,
                "%s on %s and on %s: outputs differ by up to %.3g. Networks with real activations"
                    + " need --tolerance, others should agree to the bit.",
                file.getFileName(),
                places.get(0).name(),
                places.get(i).name(),
                difference));
      }
    }
  }

  private void print(Report report) {
    TextTable table = new TextTable(1, "runs on", "runs", "images", "sessions", "differing");
    for (Soak.Result result : report.places()) {
      table.row(
          result.place(),
          String.format(Locale.ROOT, "%,d", result.runs()),
          String.format(Locale.ROOT, "%,d", result.images()),
          String.format(Locale.ROOT, "%,d", result.sessions()),
          String.format(Locale.ROOT, "%,d", result.differing()));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(table);
    out.printf(
        Locale.ROOT,
        "%d threads, %.1f minutes. Memory: %.0f MB after the warm-up, %.0f MB at the end.%n",
        report.threads(),
        report.seconds() / 60,
        report.memoryAfterWarmUp() / MEGABYTE,
        report.memoryAtTheEnd() / MEGABYTE);
    out.flush();
  }

  private void requireFlat(Report report) {
    for (Soak.Result result : report.places()) {
      if (result.differing() > 0) {
        throw new UserError(
            String.format(
                Locale.ROOT,
                "%,d of %,d images gave other bits on %s than alone. This is a fault of Subbit, or"
                    + " of the machine; please report it.",
                result.differing(),
                result.images(),
                result.place()));
      }
    }
    double growth = (report.memoryAtTheEnd() - report.memoryAfterWarmUp()) / MEGABYTE;
    if (growth > maxGrowth) {
      throw new UserError(
          String.format(
              Locale.ROOT,
              "Memory grew by %.0f MB after the warm-up; --max-growth allows %.0f. If longer runs"
                  + " grow further, please report it.",
              growth,
              maxGrowth));
    }
  }
}

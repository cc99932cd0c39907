package dev.subbit.cli.run;

import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.LabelledImages;
import dev.subbit.cli.options.ProgressOption;
import dev.subbit.cli.report.Figures;
import dev.subbit.cli.terminal.Progress;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.evaluation.BackendRun;
import dev.subbit.tribuo.evaluation.LayerComparison;
import dev.subbit.tribuo.evaluation.ModelInputs;
import dev.subbit.tribuo.evaluation.Place;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit compare}: checks whether models give the same outputs wherever they run. */
@Command(
    name = "compare",
    description = {
      "Run saved models over images on several back ends and compare all outputs with those of the"
          + " first, bit by bit. Fails where they differ by more than --tolerance.",
      "Networks with binary or 8-bit activations give the same bits everywhere; those with real"
          + " activations agree to about 1e-4. A simulated device takes seconds per image."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit compare clothes-int8.sbm --data integration-tests/data/fashion-mnist",
      "  ./subbit compare int8.sbm binary.sbm --data DIR --limit 1000"
          + " --backends onnxruntime,native,emulator,rtl",
      "  ./subbit compare integer.sbm --data DIR --skip 500 --limit 500"
          + " --backends onnxruntime,native,emulator:tables32,rtl:tables32",
      "  ./subbit compare clothes.sbm --data DIR --backends onnxruntime,native --tolerance 1e-4",
      "  ./subbit compare integer.sbm --data DIR --limit 2000 --layers"
    })
public final class CompareCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private LabelledImages images;
  @Mixin private ProgressOption progress;

  @Parameters(arity = "1..*", paramLabel = "MODEL.sbm", description = "The saved models.")
  private List<Path> files;

  @Option(
      names = "--backends",
      paramLabel = "NAME",
      split = ",",
      defaultValue = "onnxruntime,native,emulator",
      description =
          "Where to run: onnxruntime (the function bodies inside the model), native (Subbit's"
              + " kernels), or a device of the back end fpga as ./subbit devices lists them. The"
              + " others are compared with the first. Default: ${DEFAULT-VALUE}.")
  private List<String> backends;

  @Option(
      names = "--tolerance",
      paramLabel = "D",
      defaultValue = "0",
      description =
          "Largest difference of an output from that of the first back end; 0 demands the same"
              + " bits. Default: ${DEFAULT-VALUE}.")
  private double tolerance;

  @Option(
      names = "--layers",
      description =
          "Compare the values between the layers of a network that computes in integers, and not"
              + " only its outputs.")
  private boolean layers;

  @Override
  public Integer call() {
    if (!(tolerance >= 0)) {
      throw new ParameterException(
          spec.commandLine(), "--tolerance is " + tolerance + "; it must not be negative");
    }
    json.requireWritable();
    List<Place> places = backends.stream().map(Place::named).toList();
    if (layers) {
      return compareLayers(places);
    }
    List<ComparedRun> runs = new ArrayList<>();
    for (Path file : files) {
      runs.addAll(compare(file, places));
      json.write(runs);
    }
    spec.commandLine().getOut().print(table(runs, places.get(0)));
    spec.commandLine().getOut().flush();
    List<ComparedRun> apart = runs.stream().filter(run -> !run.agrees(tolerance)).toList();
    if (!apart.isEmpty()) {
      throw new UserError(
          String.format(
              Locale.ROOT,
              "%s on %s and on %s: outputs differ by up to %.3g. Networks with real activations"
                  + " need --tolerance, others should agree to the bit.",
              apart.get(0).model(),
              places.get(0).name(),
              apart.get(0).backend(),
              apart.get(0).largestDifference()));
    }
    return 0;
  }

  private List<ComparedRun> compare(Path file, List<Place> places) {
    List<ComparedRun> runs = new ArrayList<>();
    try (SubBitModel model = ModelFile.load(file)) {
      byte[] onnx = model.exportONNXModel(ExportCommand.DEFAULT_DOMAIN, 1).toByteArray();
      ModelInputs inputs =
          new ModelInputs(images.read(model.network().network().input()), model.pixels());
      if (inputs.size() == 0) {
        throw new UserError("There are no images to compare on.");
      }
      BackendRun reference = null;
      for (Place place : places) {
        BackendRun run = run(file, onnx, inputs, place);
        reference = reference == null ? run : reference;
        runs.add(ComparedRun.of(file, place, run, reference, inputs, model.getOutputIDInfo()));
      }
    }
    return runs;
  }

  private int compareLayers(List<Place> places) {
    List<LayerComparison.Result> results = new ArrayList<>();
    for (Path file : files) {
      results.addAll(compareLayers(file, places));
      json.write(results);
    }
    TextTable table =
        new TextTable(
            2, "model", "runs on", "images", "layers", "values", "differ from " + backends.get(0));
    for (LayerComparison.Result result : results) {
      table.row(
          result.model(),
          result.backend(),
          String.format(Locale.ROOT, "%,d", result.images()),
          String.format(Locale.ROOT, "%,d", result.layers()),
          String.format(Locale.ROOT, "%,d", result.values()),
          String.format(Locale.ROOT, "%,d", result.differing()));
    }
    spec.commandLine().getOut().print(table);
    spec.commandLine().getOut().flush();
    for (LayerComparison.Result result : results) {
      if (result.differing() > 0) {
        throw new UserError(
            result.model()
                + " gives other values on "
                + result.backend()
                + " than on "
                + backends.get(0)
                + ", at '"
                + result.firstDiffering()
                + "' first.");
      }
    }
    return 0;
  }

  private List<LayerComparison.Result> compareLayers(Path file, List<Place> places) {
    String name = file.getFileName().toString();
    try (SubBitModel model = ModelFile.load(file)) {
      TrainedNetwork network = model.network();
      if (network.integers().isEmpty()) {
        throw new UserError(
            name
                + " does not compute in integers, so only its outputs can be compared; make an"
                + " integer network of a binary one with ./subbit quantize, or leave out"
                + " --layers.");
      }
      ModelInputs inputs = new ModelInputs(images.read(network.network().input()), model.pixels());
      if (inputs.size() == 0) {
        throw new UserError("There are no images to compare on.");
      }
      List<String> nodes = OnnxExporter.integerNodes(network.network());
      byte[] onnx =
          OnnxExporter.exportValues(network, model.pixels().positions(), nodes).toByteArray();
      try (LayerComparison comparison = new LayerComparison(onnx, nodes, places);
          Progress bar = progress.of("Layers of " + name)) {
        return comparison.run(name, inputs, done -> bar.at(done, inputs.size(), images(done)));
      }
    }
  }

  private BackendRun run(Path file, byte[] onnx, ModelInputs inputs, Place place) {
    try (Progress bar = progress.of(file.getFileName() + " on " + place.name())) {
      return BackendRun.of(onnx, inputs, place, done -> bar.at(done, inputs.size(), images(done)));
    }
  }

  private static String images(long done) {
    return String.format(Locale.ROOT, "%,d images", done);
  }

  private static TextTable table(List<ComparedRun> runs, Place first) {
    TextTable table =
        new TextTable(
            2,
            "model",
            "runs on",
            "accuracy",
            "images/s",
            "same label",
            "same bits as " + first.name(),
            "largest difference",
            "cycles/image");
    for (ComparedRun run : runs) {
      table.row(
          run.model(),
          run.backend(),
          Figures.percent(run.accuracy()),
          String.format(
              Locale.ROOT, run.imagesPerSecond() < 10 ? "%.2f" : "%,.0f", run.imagesPerSecond()),
          String.format(Locale.ROOT, "%,d of %,d", run.sameLabels(), run.images()),
          run.sameBits() ? "all" : "no",
          run.sameBits() ? "0" : String.format(Locale.ROOT, "%.3g", run.largestDifference()),
          run.cycles() == null
              ? "-"
              : String.format(Locale.ROOT, "%,d %s", run.cycles().perImage(), run.cycles().kind()));
    }
    return table;
  }
}

package dev.subbit.cli.demo;

import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.report.DemoPage;
import dev.subbit.cli.report.DemoResult;
import dev.subbit.cli.report.DemoResult.Epoch;
import dev.subbit.cli.report.DemoResult.Phase;
import dev.subbit.cli.report.DemoResult.Run;
import dev.subbit.cli.report.DemoTable;
import dev.subbit.cli.report.Figures;
import dev.subbit.cli.run.ExportCommand;
import dev.subbit.cli.terminal.Progress;
import dev.subbit.onnx.StoredSize;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.evaluation.ModelInputs;
import dev.subbit.tribuo.evaluation.Place;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.io.AtomicFile;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.tribuo.MutableDataset;

/** One run of the demo: train, quantize, export, run everywhere, report. Not thread-safe. */
final class Demo {

  private static final int TAU = 5;
  private static final long SEED = 1;
  private static final int PHASES = 3;
  private static final List<Place> EVERYWHERE =
      List.of(Place.BODIES, Place.KERNELS, Place.EMULATOR);

  private final DemoData data;
  private final Path folder;
  private final String network;
  private final int epochs;
  private final Function<String, Progress> progress;
  private final PrintWriter terminal;
  private final List<Phase> phases = new ArrayList<>();
  private final List<DemoResult.Model> models = new ArrayList<>();
  private final Map<String, TrainedNetwork> codebooks = new LinkedHashMap<>();
  private final DemoSamples samples;

  /**
   * Prepares a run.
   *
   * @param data the images.
   * @param folder an existing folder for everything that is left behind.
   * @param network name of the network.
   * @param epochs passes over the training images with real activations.
   * @param progress shows the progress of a training.
   * @param terminal where the parts of the run and the table are printed.
   */
  Demo(
      DemoData data,
      Path folder,
      String network,
      int epochs,
      Function<String, Progress> progress,
      PrintWriter terminal) {
    this.data = data;
    this.folder = folder;
    this.network = network;
    this.epochs = epochs;
    this.progress = progress;
    this.terminal = terminal;
    this.samples = new DemoSamples(data);
  }

  /**
   * Runs it all.
   *
   * @return the figures.
   * @throws Exception if a part fails.
   */
  DemoResult run() throws Exception {
    say("Sub-bit neural networks: %s at %.2f bit per weight (tau = %d)", network, TAU / 9.0, TAU);
    say(
        "Images: %s (%s), %,d to train on, %,d to test on",
        data.description(), data.folder().folder(), data.train().size(), data.test().size());
    Path config = folder.resolve("demo.xml");
    int threads = Runtime.getRuntime().availableProcessors();
    OutputFile.write(config, text(DemoConfig.xml(data, network, TAU, epochs, threads, SEED)));

    Map<Activations, DemoTrainings.Trained> trained =
        phase(
            "Train with real and with binary activations",
            () -> DemoTrainings.run(config, data.train(), progress));
    try (SubBitModel real = trained.get(Activations.REAL).model();
        SubBitModel binary = trained.get(Activations.BINARY).model();
        SubBitModel int8 =
            phase("Quantize the real one to 8-bit activations", () -> quantize(real))) {
      codebooks.put("Binary activations", binary.network());
      codebooks.put("Real activations", real.network());
      phase(
          "Export, run the test images everywhere",
          () -> {
            add(
                "binary",
                "binary activations",
                binary,
                trained.get(Activations.BINARY).epochs(),
                EVERYWHERE);
            add(
                "real",
                "real activations",
                real,
                trained.get(Activations.REAL).epochs(),
                List.of(Place.BODIES, Place.KERNELS));
            add("int8", "8-bit activations", int8, List.of(), EVERYWHERE);
            return null;
          });
    }
    DemoResult result =
        new DemoResult(
            new DemoResult.Data(
                data.description(),
                data.folder().folder().toString(),
                data.train().size(),
                data.test().size()),
            DemoResult.Host.current(),
            phases,
            models);
    leave(result);
    return result;
  }

  private SubBitModel quantize(SubBitModel real) {
    return new SubBitQuantizer().quantize(real, new MutableDataset<>(data.train()));
  }

  private void add(
      String name, String description, SubBitModel model, List<Epoch> history, List<Place> places)
      throws Exception {
    Path onnx = folder.resolve(name + ".onnx");
    ModelFile.save(model, folder.resolve(name + ".sbm"));
    long bytes = ExportCommand.export(model, ExportCommand.DEFAULT_DOMAIN, 1, onnx);
    ModelInputs images = new ModelInputs(data.test(), model.pixels());
    say("    %s", description);
    DemoRuns runs = DemoRuns.of(onnx, images, model.getOutputIDInfo(), places, this::tellRun);
    samples.add(name, model, runs.classes());
    StoredSize size = model.network().storedSize();
    int[] positions = model.pixels().positions();
    models.add(
        new DemoResult.Model(
            name,
            description,
            TAU,
            size.indexBitsPerWeight(),
            size.storedBitsPerWeight(),
            bytes,
            exportedBytes(model.network().withFloatWeights(), positions),
            exportedBytes(model.network().withOneBitWeights(), positions),
            history,
            runs.runs()));
  }

  private static long exportedBytes(TrainedNetwork network, int[] positions) {
    return OnnxExporter.export(network, positions).getSerializedSize();
  }

  private void leave(DemoResult result) {
    OutputFile.write(
        folder.resolve("demo.html"), text(DemoPage.render(result, codebooks, samples.images())));
    JsonOption.write(folder.resolve("demo.json"), result);
    terminal.println();
    terminal.print(DemoTable.text(result));
    DemoTable.LEGEND.forEach(terminal::println);
    terminal.println();
    say("Left in %s:", folder.toAbsolutePath().normalize());
    say("  demo.html                               this table, curves, codebooks, samples");
    say("  demo.json                               the same figures");
    say("  demo.xml                                configuration for ./subbit train");
    say("  {binary,real,int8}.{sbm,onnx}           the models");
  }

  private void tellRun(Run run) {
    say(
        "      %-19s %s right, %,.0f images/s",
        run.title(), Figures.percent(run.accuracy()), run.imagesPerSecond());
  }

  private <T> T phase(String name, Callable<T> work) throws Exception {
    terminal.println();
    say("[%d/%d] %s", phases.size() + 1, PHASES, name);
    long start = System.nanoTime();
    T result = work.call();
    double seconds = (System.nanoTime() - start) / 1e9;
    say("      done in %.1f s", seconds);
    phases.add(new Phase(name, seconds));
    return result;
  }

  private void say(String pattern, Object... values) {
    terminal.println(String.format(Locale.ROOT, pattern, values));
    terminal.flush();
  }

  private static AtomicFile.Content text(String content) {
    return out -> out.write(content.getBytes(StandardCharsets.UTF_8));
  }
}

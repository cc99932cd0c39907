package dev.subbit.cli.bench;

import ai.onnxruntime.OrtException;
import dev.subbit.cli.bench.FpgaBench.Engines;
import dev.subbit.cli.bench.FpgaLayer.Activations;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.NamedChoice;
import dev.subbit.cli.options.ProgressOption;
import dev.subbit.cli.terminal.Progress;
import dev.subbit.cli.terminal.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code subbit bench fpga}: counts the cycles of the engine, sub-bit and plain binary. */
@Command(
    name = "fpga",
    description = {
      "Count the cycles that the engine takes for all 3x3 layers of a network, one image of 224x224"
          + " (resnet20: 32x32), with 8-bit or binary activations: on the emulator (modelled) and in the"
          + " simulated hardware description (rtl), in sub-bit mode and as a plain binary engine"
          + " with as many adders.",
      "Results of the two are compared bit by bit. A layer shape runs once, however often the"
          + " network has it. The simulation takes a few minutes."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit bench fpga --json fpga.json",
      "  ./subbit bench fpga --activations binary --networks resnet18,resnet20",
      "  ./subbit bench fpga --networks resnet18 --engines shared --backends emulator --tau 4",
      "  ./subbit bench fpga --whole --networks resnet18,resnet20",
      "  ./subbit bench fpga --whole --networks resnet18 --engines tables32"
          + " --backends emulator,rtl --batch 20"
    })
final class BenchFpgaCommand implements Callable<Integer> {

  private static final List<String> NETWORKS = List.of("resnet18", "resnet34", "resnet20");
  private static final int MAX_TAU = 6;
  private static final int MAX_TAU_OF_TABLES = 5;
  private static final int MAX_BATCH = 256;

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private ProgressOption progress;

  @Option(
      names = "--networks",
      paramLabel = "NAME",
      split = ",",
      description = "resnet18, resnet34, resnet20. Default: all.")
  private List<String> networks;

  @Option(
      names = "--engines",
      paramLabel = "NAME",
      split = ",",
      description =
          "paper (the paper's element in both modes), shared (responses by shared partial sums,"
              + " beside a plain binary engine with as many adders), and with binary activations"
              + " tables (looked up in block RAM; its plain binary engine is modelled) and tables32"
              + " (the same with half of the channels at once). Default: paper and shared, with"
              + " binary activations tables; with --whole, which takes these two alone, both.")
  private List<String> engines;

  @Option(names = "--layers", description = "Also list every shape of layer, for one of it.")
  private boolean layers;

  @Option(
      names = "--whole",
      description =
          "Run integer networks whole, from pixels to logits, on the elements tables and tables32:"
              + " cycles by operator, for an image of a batch. Fails unless every node is on the"
              + " device and the logits have the bits of the function bodies and of the kernels.")
  private boolean whole;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "8",
      description = "Images of a batch with --whole. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--activations",
      paramLabel = "KIND",
      defaultValue = "8-bit",
      description = "8-bit, binary (signs in and out). Default: ${DEFAULT-VALUE}.")
  private String activations;

  @Option(
      names = "--backends",
      paramLabel = "NAME",
      split = ",",
      description =
          "emulator (modelled cycles), rtl (simulated ones). Default: both; with --whole, where an"
              + " image of 224x224 takes rtl about a minute, emulator.")
  private List<String> backends;

  @Option(
      names = "--tau",
      paramLabel = "BITS",
      defaultValue = "5",
      description = "Bits of an index of the sub-bit engine, 1 to 6. Default: ${DEFAULT-VALUE}.")
  private int tau;

  @Override
  public Integer call() throws Exception {
    CommandLine command = spec.commandLine();
    List<String> chosenNetworks =
        NamedChoice.of(command, "--networks", networks, NETWORKS, Function.identity());
    Activations kind =
        NamedChoice.of(
                command,
                "--activations",
                List.of(activations),
                List.of(Activations.values()),
                Activations::label)
            .get(0);
    boolean binary = kind == Activations.BINARY;
    List<Engines> tables = List.of(Engines.TABLES, Engines.TABLES32);
    List<Engines> offered = new ArrayList<>(whole ? List.of() : Engines.ALL);
    if (binary || whole) {
      offered.addAll(tables);
    }
    List<Engines> chosenEngines =
        engines == null && binary && !whole
            ? List.of(Engines.TABLES)
            : NamedChoice.of(command, "--engines", engines, offered, Engines::name);
    List<String> chosenBackends =
        backends == null && whole
            ? List.of("emulator")
            : NamedChoice.of(
                command, "--backends", backends, FpgaBench.BACKENDS, Function.identity());
    int most = chosenEngines.stream().anyMatch(tables::contains) ? MAX_TAU_OF_TABLES : MAX_TAU;
    if (tau < 1 || tau > most) {
      throw new ParameterException(command, "--tau is " + tau + "; allowed are 1 to " + most);
    }
    json.requireWritable();
    if (whole) {
      return measureWhole(chosenNetworks, chosenEngines, chosenBackends);
    }
    FpgaBench bench = new FpgaBench(chosenBackends, kind, tau);
    List<FpgaRow> rows = new ArrayList<>();
    for (String network : chosenNetworks) {
      for (Engines pair : chosenEngines) {
        if (layers) {
          rows.addAll(bench.measureLayers(network, pair));
        }
        rows.addAll(bench.measure(network, pair));
        json.write(rows.stream().map(FpgaRow::fields).toList());
      }
    }
    command.getOut().print(table(rows));
    command.getOut().flush();
    return 0;
  }

  private int measureWhole(
      List<String> names, List<Engines> chosenEngines, List<String> chosenBackends)
      throws OrtException {
    if (batch < 1 || batch > MAX_BATCH) {
      throw new ParameterException(
          spec.commandLine(), "--batch is " + batch + "; allowed are 1 to " + MAX_BATCH);
    }
    List<FpgaNetworkRow> rows = new ArrayList<>();
    int devices = chosenEngines.size() * chosenBackends.size();
    int steps = names.size() * (1 + devices);
    int done = 0;
    try (Progress bar = progress.of("Whole networks")) {
      for (String name : names) {
        BenchNetwork network =
            BenchNetwork.ALL.stream().filter(n -> n.name().equals(name)).findAny().orElseThrow();
        bar.at(done++, steps, name + " on function bodies and kernels");
        FpgaNetworkBench bench = new FpgaNetworkBench(network, tau, batch);
        for (Engines engine : chosenEngines) {
          for (String backend : chosenBackends) {
            bar.at(done++, steps, name + " on " + backend + ":" + engine.name());
            rows.addAll(bench.measure(backend, engine.name()));
            json.write(rows.stream().map(FpgaNetworkRow::fields).toList());
          }
        }
      }
    }
    TextTable table =
        new TextTable(4, "network", "backend", "element", "layers", "number", "cycles/image");
    for (FpgaNetworkRow row : rows) {
      table.row(
          row.network(),
          row.backend(),
          row.element(),
          row.operator(),
          Integer.toString(row.layers()),
          String.format(Locale.ROOT, "%,d %s", row.cycles(), row.kind()));
    }
    spec.commandLine().getOut().print(table);
    spec.commandLine().getOut().flush();
    return 0;
  }

  private static TextTable table(List<FpgaRow> rows) {
    TextTable table =
        new TextTable(4, "network", "backend", "element", "mode", "tau", "cycles", "x bnn");
    for (FpgaRow row : rows) {
      table.row(
          row.network(),
          row.backend(),
          row.element(),
          row.mode(),
          Integer.toString(row.tau()),
          String.format(Locale.ROOT, "%,d", row.cycles()),
          String.format(Locale.ROOT, "%.3f", row.ratioToBnn()));
    }
    return table;
  }
}

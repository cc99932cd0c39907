package dev.subbit.cli.bench;

import dev.subbit.cli.options.JsonOption;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code subbit bench}: makes the measurements behind docs/RESULTS.md. */
@Command(
    name = "bench",
    description = {
      "Measure speed, cycles or accuracy, and print a table.",
      "Without a subcommand: layers, then models, each with its defaults."
    },
    subcommands = {
      BenchLayersCommand.class,
      BenchModelsCommand.class,
      BenchIntegerCommand.class,
      BenchFpgaCommand.class,
      BenchAccuracyCommand.class,
      BenchClusterCommand.class
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "[WHAT]",
    footer = {
      "",
      "Examples:",
      "  ./subbit bench --json rows.json",
      "  ./subbit bench layers --help",
      "  ./subbit bench accuracy configs/accuracy-fashion-mnist.xml --trainers real-tau5"
          + " --json rows.json"
    })
public final class BenchCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private BenchOptions options;

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    PrintWriter terminal = spec.commandLine().getOut();
    List<BenchRow> layers = new ArrayList<>();
    List<BenchRow> models = new ArrayList<>();
    try (BenchOptions.Setup setup = options.prepare(BenchLayersCommand.TAUS)) {
      for (LayerShape shape : LayerShape.ALL) {
        layers.addAll(shape.contest(List.of(LayerOperator.values())).run(setup.rules()));
      }
      terminal.println(BenchTable.of(layers));
      Contest.Rules rules = setup.rules().withTaus(BenchModelsCommand.TAUS);
      for (BenchNetwork network : List.of(BenchNetwork.RESNET18, BenchNetwork.RESNET20)) {
        models.addAll(network.contest().run(rules));
      }
    }
    terminal.print(BenchTable.of(models));
    terminal.flush();
    List<BenchRow> all = new ArrayList<>(layers);
    all.addAll(models);
    json.write(all.stream().map(BenchRow::fields).toList());
    return 0;
  }
}

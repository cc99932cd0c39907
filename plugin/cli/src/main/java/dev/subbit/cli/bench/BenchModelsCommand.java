package dev.subbit.cli.bench;

import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.NamedChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code subbit bench models}: measures whole networks beside their float and 8-bit twins. */
@Command(
    name = "models",
    description = {
      "Measure whole networks with binary activations, one image at a time, beside their twins in"
          + " ONNX Runtime: the residual network of the same name with float weights, real"
          + " activations and ReLUs, in float and in 8 bits (all of its convolutions, additions,"
          + " poolings and its classifier).",
      "Weights are random; the time does not depend on them. All sides take turns in one process."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit bench models --json models.json",
      "  ./subbit bench models --networks resnet18 --threads 1,2"
    })
final class BenchModelsCommand implements Callable<Integer> {

  static final List<Integer> TAUS = List.of(5, 9);

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private BenchOptions options;

  @Option(
      names = "--networks",
      paramLabel = "NAME",
      split = ",",
      description = "resnet18 (224x224 pixels), resnet20 (32x32 pixels). Default: both.")
  private List<String> networks;

  @Option(
      names = "--tau",
      paramLabel = "BITS",
      split = ",",
      description = "Bits of an index, 1 to 9. Default: 5,9.")
  private List<Integer> taus = TAUS;

  @Override
  public Integer call() throws Exception {
    CommandLine command = spec.commandLine();
    List<BenchNetwork> chosen =
        NamedChoice.of(command, "--networks", networks, BenchNetwork.ALL, BenchNetwork::name);
    BenchOptions.requireTaus(command, taus);
    json.requireWritable();
    options.prepare();
    ModelBench bench = new ModelBench(taus, options.threads(), options.rounds());
    List<BenchRow> rows = new ArrayList<>();
    for (BenchNetwork network : chosen) {
      rows.addAll(bench.measure(network));
      json.write(rows.stream().map(BenchRow::fields).toList());
    }
    command.getOut().print(BenchTable.of(rows));
    command.getOut().flush();
    return 0;
  }
}

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
      "Measure whole networks with binary activations, one image at a time, with float values"
          + " between their binary convolutions (binary) and in integers throughout (integer), beside their twins in"
          + " ONNX Runtime and OpenVINO: the network of the same name with float weights, real"
          + " activations and ReLUs, in float and in 8 bits (all of its convolutions, additions,"
          + " poolings and its classifier).",
      "Weights are random; the time does not depend on them. All sides take turns on the same"
          + " processors, OpenVINO's in a process of its own and by its own clock."
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
      defaultValue = BenchNetwork.DEFAULTS,
      description = BenchNetwork.CHOICE)
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
    json.requireWritable();
    List<BenchRow> rows = new ArrayList<>();
    try (BenchOptions.Setup setup = options.prepare(taus)) {
      for (BenchNetwork network : chosen) {
        rows.addAll(network.contest().run(setup.rules()));
        json.write(rows.stream().map(BenchRow::fields).toList());
      }
    }
    command.getOut().print(BenchTable.of(rows));
    command.getOut().flush();
    return 0;
  }
}

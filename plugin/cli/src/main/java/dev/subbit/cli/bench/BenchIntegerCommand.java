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

/** {@code subbit bench integer}: measures integer networks, part by part and whole. */
@Command(
    name = "integer",
    description = {
      "Measure binary networks that compute in integers, beside the same networks with float"
          + " values between their binary convolutions (binary), beside tau = 9 in the same layout,"
          + " and beside float and 8-bit twins in ONNX Runtime and OpenVINO.",
      "First the parts of ResNet-18, each as operators of its own: the stem with its max pooling,"
          + " a block of each of the four shapes, and shortcuts and classifier together; then whole"
          + " networks. \"x binary\" is the speed relative to the binary form of the same part."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "SUBBIT_ISA=avx2 in the environment measures Subbit's kernels without AVX-512; the others keep"
          + " what the processor has.",
      "",
      "Examples:",
      "  ./subbit bench integer --json integer.json",
      "  ./subbit bench integer --threads 1,2 --networks resnet18",
      "  SUBBIT_ISA=avx2 ./subbit bench integer"
    })
final class BenchIntegerCommand implements Callable<Integer> {

  private static final List<LayerOperator> BLOCKS =
      List.of(LayerOperator.BINARY_BLOCK, LayerOperator.INTEGER_BLOCK);

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

  @Override
  public Integer call() throws Exception {
    CommandLine command = spec.commandLine();
    List<BenchNetwork> chosen =
        NamedChoice.of(command, "--networks", networks, BenchNetwork.ALL, BenchNetwork::name);
    json.requireWritable();
    List<BenchRow> rows = new ArrayList<>();
    try (BenchOptions.Setup setup = options.prepare(BenchModelsCommand.TAUS)) {
      NetworkParts parts = new NetworkParts(BenchNetwork.RESNET18);
      measure(parts.stem(), setup, rows);
      for (LayerShape shape : LayerShape.ALL) {
        if (shape.network().equals(BenchNetwork.RESNET18.name())) {
          measure(shape.contest(BLOCKS), setup, rows);
        }
      }
      measure(parts.shortcutsAndClassifier(), setup, rows);
      for (BenchNetwork network : chosen) {
        measure(network.contest(), setup, rows);
      }
    }
    command.getOut().print(BenchTable.of(rows));
    command.getOut().flush();
    return 0;
  }

  private void measure(Contest contest, BenchOptions.Setup setup, List<BenchRow> rows)
      throws Exception {
    rows.addAll(contest.run(setup.rules()));
    json.write(rows.stream().map(BenchRow::fields).toList());
  }
}

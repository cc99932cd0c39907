package dev.subbit.cli.bench;

import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.NamedChoice;
import dev.subbit.onnx.CodedWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code subbit bench layers}: measures the operators' kernels beside ONNX Runtime's own
 * convolutions.
 */
@Command(
    name = "layers",
    description = {
      "Measure the sub-bit operators on the 3x3 layers of ResNet-18 and ResNet-20, beside the"
          + " float and 8-bit convolutions of ONNX Runtime and OpenVINO and beside the same operator"
          + " with one bit per weight (tau = 9).",
      "All sides take turns on the same processors, and whole operators are timed. Times are"
          + " medians in microseconds; \"x ort fp32\" is the speed relative to ONNX Runtime's float"
          + " convolution: the median over the rounds, with the quartiles in --json.",
      "\"bound\" is the share that the kernel reaches of the speed that its vector operations"
          + " alone would allow on this machine; docs/OPERATORS.md says which are counted."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "SUBBIT_ISA=avx2 in the environment measures Subbit's kernels without AVX-512; ONNX"
          + " Runtime's keep what the processor has.",
      "",
      "Examples:",
      "  ./subbit bench layers --json layers.json",
      "  ./subbit bench layers --shapes 28x28x128,14x14x256 --op binary --tau 5",
      "  ./subbit bench layers --op real --tau 5 --stages 1,2 --clock processor",
      "  SUBBIT_ISA=avx2 ./subbit bench layers --op binary --tau 4"
    })
final class BenchLayersCommand implements Callable<Integer> {

  static final List<Integer> TAUS = List.of(4, 5, 6, 9);

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private BenchOptions options;

  @Option(
      names = "--shapes",
      paramLabel = "SHAPE",
      split = ",",
      description =
          "Rows x columns x channels of the layers: 56x56x64, 28x28x128, 14x14x256, 7x7x512 (of"
              + " ResNet-18), 32x32x16, 16x16x32, 8x8x64 (of ResNet-20). Default: all.")
  private List<String> shapes;

  @Option(
      names = "--tau",
      paramLabel = "BITS",
      split = ",",
      description = "Bits of an index, 1 to 9. Default: 4,5,6,9.")
  private List<Integer> taus = TAUS;

  @Option(
      names = "--op",
      paramLabel = "OP",
      split = ",",
      description =
          "real (float activations), binary (float in and out, binarised inside), binary-packed"
              + " (packed signs in and out), binary-block (packed signs and residual in and out,"
              + " with shifts and PReLU), int8. Default: all.")
  private List<String> operators;

  @Option(
      names = "--stages",
      paramLabel = "N",
      split = ",",
      description =
          "Numbers of stages, 1 to 8, that the weights of the operator real are the sum of."
              + " Default: 1.")
  private List<Integer> stages = List.of(1);

  @Override
  public Integer call() throws Exception {
    CommandLine command = spec.commandLine();
    List<LayerShape> chosenShapes =
        NamedChoice.of(command, "--shapes", shapes, LayerShape.ALL, LayerShape::label);
    List<LayerOperator> chosenOperators =
        NamedChoice.of(
            command, "--op", operators, List.of(LayerOperator.values()), LayerOperator::label);
    stages.forEach(count -> options.requireWithin("--stages", count, CodedWeights.MAX_STAGES));
    if (!stages.equals(List.of(1)) && !chosenOperators.contains(LayerOperator.REAL)) {
      throw new ParameterException(command, "--stages needs --op real: others have one stage.");
    }
    json.requireWritable();
    List<BenchRow> rows = new ArrayList<>();
    try (BenchOptions.Setup setup = options.prepare(taus)) {
      for (LayerShape shape : chosenShapes) {
        rows.addAll(shape.contest(chosenOperators, stages).run(setup.rules()));
        json.write(rows.stream().map(BenchRow::fields).toList());
      }
    }
    command.getOut().print(BenchTable.of(rows));
    command.getOut().flush();
    return 0;
  }
}

package dev.subbit.tribuo.cli;

import ai.onnxruntime.OrtException;
import dev.subbit.tribuo.bench.BenchRow;
import dev.subbit.tribuo.bench.LayerBench;
import dev.subbit.tribuo.bench.LayerOperator;
import dev.subbit.tribuo.bench.LayerShape;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code subbit bench layers}: the operators' kernels beside ONNX Runtime's own convolutions. */
@Command(
    name = "layers",
    description = {
      "Measure the sub-bit operators on the 3x3 layers of ResNet-18 and ResNet-20, beside ONNX"
          + " Runtime's float and 8-bit convolutions and beside the same operator with one bit a"
          + " weight (tau = 9).",
      "All sides take turns in one process, whole operators are timed. Times are medians in"
          + " microseconds; \"x fp32\" is how many times as fast as ONNX Runtime's float"
          + " convolution, the median over the rounds with the quartiles behind it in --json.",
      "\"bound\" is the share that the kernel reaches of what its additions alone would allow on"
          + " this machine; docs/OPERATORS.md says how it is counted."
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
      "  SUBBIT_ISA=avx2 ./subbit bench layers --op binary --tau 4"
    })
final class BenchLayersCommand implements Callable<Integer> {

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
      defaultValue = "4,5,6,9",
      description = "Bits of an index, 1 to 9. Default: ${DEFAULT-VALUE}.")
  private List<Integer> taus;

  @Option(
      names = "--op",
      paramLabel = "OP",
      split = ",",
      description =
          "real (float activations), binary (binarised inside, float in and out), int8. Default:"
              + " all.")
  private List<String> operators;

  @Override
  public Integer call() throws OrtException {
    List<LayerShape> chosenShapes =
        chosen("--shapes", "shape", shapes, LayerShape.ALL, LayerShape::label);
    List<LayerOperator> chosenOperators =
        chosen(
            "--op", "operator", operators, List.of(LayerOperator.values()), LayerOperator::label);
    for (int tau : taus) {
      if (tau < 1 || tau > 9) {
        throw wrong("--tau: " + tau + " is not 1 to 9");
      }
    }
    options.requireUsable();
    json.requireWritable();
    LayerBench bench = new LayerBench(chosenOperators, taus, options.threads(), options.rounds());

    PrintWriter terminal = spec.commandLine().getOut();
    List<BenchRow> rows = new ArrayList<>();
    for (LayerShape shape : chosenShapes) {
      rows.addAll(bench.measure(shape));
      json.write(rows.stream().map(BenchRow::fields).toList());
    }
    terminal.print(BenchTable.of(rows));
    terminal.flush();
    return 0;
  }

  /** The things that a list of names stands for; all of them where there is no list. */
  private <T> List<T> chosen(
      String option, String what, List<String> names, List<T> all, Function<T, String> label) {
    if (names == null) {
      return all;
    }
    List<T> chosen = new ArrayList<>();
    for (String name : names) {
      Optional<T> found =
          all.stream().filter(one -> label.apply(one).equalsIgnoreCase(name)).findFirst();
      chosen.add(
          found.orElseThrow(
              () ->
                  wrong(
                      option
                          + ": there is no "
                          + what
                          + " '"
                          + name
                          + "', there are "
                          + all.stream().map(label).collect(Collectors.joining(", ")))));
    }
    return chosen;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}

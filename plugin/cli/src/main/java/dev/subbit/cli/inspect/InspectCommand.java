package dev.subbit.cli.inspect;

import dev.subbit.cli.files.ChosenNetwork;
import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.options.ImageShapeConverter;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkSize;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit inspect}: shows what a model is made of and what its weights cost. */
@Command(
    name = "inspect",
    description =
        "Show what a saved model is made of and what its weights cost, or what a network would"
            + " cost before any training.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit inspect clothes.sbm",
      "  ./subbit inspect clothes.sbm --codebooks",
      "  ./subbit inspect resnet-subbit.onnx",
      "  ./subbit inspect clothes.sbm --json clothes.json",
      "  ./subbit inspect --network resnet18 --image 3x224x224 --activations BINARY --tau 5"
    })
public final class InspectCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Subject subject;

  @Option(names = "--codebooks", description = "Draw the layers' codebooks, the most used first.")
  private boolean codebooks;

  /** A file or the name of a network. */
  static final class Subject {

    @Parameters(
        index = "0",
        paramLabel = "MODEL",
        description = "A saved model (.sbm), or an ONNX model with sub-bit layers (.onnx).")
    private Path file;

    @ArgGroup(exclusive = false)
    private NamedNetwork named;
  }

  /** The options for a network without weights. */
  static final class NamedNetwork {

    @Option(
        names = "--network",
        required = true,
        paramLabel = "NAME",
        description =
            "A network: ${COMPLETION-CANDIDATES}, or a configuration (.xml) that describes one.",
        completionCandidates = ChosenNetwork.Names.class)
    private String name;

    @Option(
        names = "--image",
        required = true,
        paramLabel = "CxHxW",
        description = "Channels, height and width of its images.",
        converter = ImageShapeConverter.class)
    private ImageShape image;

    @Option(
        names = "--classes",
        defaultValue = "1000",
        description = "Number of classes (default: ${DEFAULT-VALUE}).")
    private int classes;

    @Option(
        names = "--weights",
        defaultValue = "SUB_BIT",
        description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Layer.Weights weights;

    @Option(
        names = "--activations",
        defaultValue = "REAL",
        description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Layer.Activations activations;

    @Option(
        names = "--tau",
        defaultValue = "5",
        description = "Bits of a codebook index, 1 to 9 (default: ${DEFAULT-VALUE}).")
    private int tau;
  }

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    if (subject.file != null && isOnnx(subject.file)) {
      inspectOnnx(subject.file);
    } else if (subject.file != null) {
      inspectModel(subject.file);
    } else {
      inspectNetwork(subject.named);
    }
    return 0;
  }

  private static boolean isOnnx(Path file) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
  }

  private void inspectOnnx(Path file) {
    PrintWriter out = spec.commandLine().getOut();
    StringWriter drawn = new StringWriter();
    OnnxInspection inspection =
        OnnxInspection.of(file, codebooks ? new PrintWriter(drawn, true) : null);
    inspection.print(out);
    out.print(drawn);
    out.flush();
    json.write(inspection);
  }

  private void inspectModel(Path file) {
    try (SubBitModel model = ModelFile.load(file)) {
      PrintWriter out = spec.commandLine().getOut();
      ModelInspection inspection = ModelInspection.of(model);
      inspection.print(out);
      if (codebooks) {
        model
            .network()
            .network()
            .nodes()
            .forEach(node -> printCodebook(out, node.name(), model.network()));
      }
      out.flush();
      json.write(inspection);
    }
  }

  private static void printCodebook(PrintWriter out, String node, TrainedNetwork trained) {
    PackedConvWeights weights = trained.packed().get(node);
    if (weights != null) {
      out.printf("%n%s%n%s", node, CodebookText.of(weights));
    }
  }

  private void inspectNetwork(NamedNetwork named) {
    if (codebooks) {
      throw wrongUsage("--codebooks needs a saved model: an untrained network has no codebooks");
    }
    NetworkInspection inspection;
    try {
      Network network =
          ChosenNetwork.of(named.name)
              .description()
              .build(named.image, named.classes, named.weights, named.activations);
      inspection =
          NetworkInspection.of(network, named.activations, NetworkSize.of(network, named.tau));
    } catch (UserError | IllegalArgumentException e) {
      throw wrongUsage(e.getMessage());
    }
    inspection.print(spec.commandLine().getOut());
    json.write(inspection);
  }

  private ParameterException wrongUsage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}

package dev.subbit.cli.run;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.ProvenanceOption;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.PortableModels;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.tribuo.SubBitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code subbit export}: writes a saved model as ONNX, or a quantized ONNX file without functions.
 */
@Command(
    name = "export",
    description =
        "Write a saved model as ONNX. The file runs in any ONNX Runtime; with Subbit's library"
            + " registered it runs on Subbit's kernels. Its metadata say how pictures become its"
            + " input, and its labels.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit export clothes.sbm clothes.onnx",
      "  ./subbit export clothes.sbm clothes.onnx --domain com.example.clothes --model-version 3",
      "  ./subbit export integer.sbm layers.onnx --layers",
      "  ./subbit export clothes.sbm openvino.onnx --inline",
      "  ./subbit export net-subbit.onnx net-plain.onnx --plain",
      "  ./subbit export clothes.sbm mine.onnx --provenance full"
    })
public final class ExportCommand implements Callable<Integer> {

  /** The graph's domain where the user names none. ONNX demands one, but nothing depends on it. */
  public static final String DEFAULT_DOMAIN = "dev.subbit.models";

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private ProvenanceOption provenance;

  @Parameters(
      index = "0",
      paramLabel = "IN.sbm",
      description =
          "The saved model; with --inline or --plain also an ONNX file, such as one that"
              + " `quantize` wrote.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT.onnx", description = "The file to write.")
  private Path out;

  @Option(
      names = "--domain",
      paramLabel = "NAME",
      defaultValue = DEFAULT_DOMAIN,
      description = "Domain written into the file. Default: ${DEFAULT-VALUE}.")
  private String domain;

  @Option(
      names = "--model-version",
      paramLabel = "N",
      defaultValue = "1",
      description = "Version written into the file. Default: ${DEFAULT-VALUE}.")
  private long modelVersion;

  @ArgGroup private Form form = new Form();

  /** What the file holds in the place of one node for each sub-bit operator; at most one. */
  private static final class Form {

    @Option(
        names = "--layers",
        description =
            "Models in integers: write one node per layer, where otherwise one node is the whole"
                + " network. The results are the same; for tools that look at layers or run some of"
                + " them elsewhere.")
    private boolean layers;

    @Option(
        names = "--inline",
        description =
            "Write no functions, for tools that do not know them, such as OpenVINO: their bodies"
                + " stand in the graph. Subbit's kernels do not run in such a file.")
    private boolean inline;

    @Option(
        names = "--plain",
        description =
            "Write ordinary convolutions: no functions, and decoded weights. The file is as large"
                + " as that of any float or 8-bit network, and Subbit's kernels do not run in it.")
    private boolean plain;
  }

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    OutputFile.requireWritable(out);
    OutputFile.requireOther(out, in);
    long bytes = isOnnx() ? rewrite() : convert();
    spec.commandLine().getOut().printf("Wrote %s (%,d bytes).%n", out, bytes);
    json.write(Map.of("model", in.toString(), "onnx", out.toString(), "bytes", bytes));
    return 0;
  }

  private boolean isOnnx() {
    return in.getFileName().toString().endsWith(".onnx");
  }

  /** Writes an ONNX file in another form. */
  private long rewrite() throws IOException {
    if (!form.inline && !form.plain) {
      throw wrongUse(
          in + " is an ONNX file already; --inline and --plain write it in another form");
    }
    for (String option : List.of("--domain", "--model-version")) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw wrongUse(option + " is for saved models; an ONNX file keeps what it says of itself");
      }
    }
    ModelProto written;
    try {
      ModelProto read = OnnxFile.read(in);
      written = form.inline ? PortableModels.inlined(read) : PortableModels.plain(read);
    } catch (IOException e) {
      throw new UserError(e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new UserError(in + ": " + e.getMessage(), e);
    }
    return write(written);
  }

  private ParameterException wrongUse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Writes a saved model as ONNX. */
  private long convert() throws IOException {
    try (SubBitModel loaded = ModelFile.load(in);
        SubBitModel model = provenance.apply(loaded)) {
      return write(model);
    }
  }

  private long write(SubBitModel model) throws IOException {
    if (form.layers) {
      return write(model.exportByLayer(domain, modelVersion));
    }
    if (form.inline) {
      return write(model.exportInlined(domain, modelVersion));
    }
    if (form.plain) {
      return write(model.exportPlain(domain, modelVersion));
    }
    return export(model, domain, modelVersion, out);
  }

  private long write(ModelProto onnx) throws IOException {
    OutputFile.write(out, onnx::writeTo);
    return Files.size(out);
  }

  /**
   * Exports a model to a file.
   *
   * @param model the model.
   * @param domain domain to write into the file.
   * @param version version to write into the file.
   * @param file the file.
   * @return its size in bytes.
   * @throws IOException if its size cannot be read.
   * @throws UserError if it cannot be written.
   */
  public static long export(SubBitModel model, String domain, long version, Path file)
      throws IOException {
    OutputFile.save(file, path -> model.saveONNXModel(domain, version, path));
    return Files.size(file);
  }
}

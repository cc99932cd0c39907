package dev.subbit.tribuo.cli;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.SubBitQuantizer;
import dev.subbit.tribuo.data.IdxImageSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tribuo.MutableDataset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit quantize}. */
@Command(
    name = "quantize",
    description =
        "Turn a trained model with real activations into one with 8-bit activations and sub-bit"
            + " weights, as the FPGA runs it. Images say in which range the activations lie.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Example:",
      "  ./subbit quantize clothes.sbm clothes-int8.sbm --data"
          + " integration-tests/data/fashion-mnist"
    })
final class QuantizeCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "IN.sbm", description = "The trained model.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT.sbm", description = "The file to write.")
  private Path out;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "A folder in MNIST's layout; its training images are taken.")
  private Path data;

  @Option(
      names = "--images",
      paramLabel = "N",
      defaultValue = "256",
      description =
          "How many images, spread evenly over them, to look at. Default: ${DEFAULT-VALUE}.")
  private int images;

  @Option(
      names = "--tau",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "Bits of a codebook index, 1 to 9, for a model with float weights; sub-bit weights stay"
              + " as they are. Default: ${DEFAULT-VALUE}.")
  private int tau;

  @Option(
      names = "--clipping",
      paramLabel = "HOW",
      defaultValue = "LEAST_ERROR",
      description =
          "How ranges are chosen: ${COMPLETION-CANDIDATES}. LEAST_ERROR cuts outliers. Default:"
              + " ${DEFAULT-VALUE}.")
  private SubBitQuantizer.Clipping clipping;

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    OutputFile.requireWritable(out);
    try (SubBitModel model = ModelFile.load(in)) {
      IdxImageSource source = new ImageFolder(data).read(ImageFolder.Part.TRAIN, List.of(), 0);
      SubBitQuantizer quantizer = new SubBitQuantizer(tau, images, clipping);
      long start = System.nanoTime();
      try (SubBitModel quantized = quantizer.quantize(model, new MutableDataset<>(source))) {
        double seconds = (System.nanoTime() - start) / 1e9;
        ModelFile.save(quantized, out);
        spec.commandLine()
            .getOut()
            .printf(
                "Quantized %d tensors over %,d images in %.1f s; saved %s (%,d bytes).%n",
                quantized.network().ranges().size(),
                Math.min(images, source.size()),
                seconds,
                out,
                Files.size(out));
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("model", out.toString());
        results.put("images", Math.min(images, source.size()));
        results.put("quantizedTensors", quantized.network().ranges().size());
        results.put("bytes", Files.size(out));
        json.write(results);
      }
    }
    return 0;
  }
}

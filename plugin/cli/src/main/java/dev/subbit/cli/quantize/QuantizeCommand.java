package dev.subbit.cli.quantize;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.ProgressOption;
import dev.subbit.cli.options.ProvenanceOption;
import dev.subbit.cli.terminal.Progress;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.IntegerActivations;
import dev.subbit.tribuo.quantizer.Metric;
import dev.subbit.tribuo.quantizer.QuantizationSettings;
import dev.subbit.tribuo.quantizer.Rest;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.settings.Clipping;
import dev.subbit.tribuo.training.OnnxTuning;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit quantize}: makes a smaller model of a trained one. */
@Command(
    name = "quantize",
    description = {
      "Make a smaller model of a trained one; with --tune, train it further.",
      "An ONNX model of any kind: its 3x3 convolutions become sub-bit ones, fitted so that their"
          + " outputs stay close to the float ones on the calibration inputs.",
      "A saved model (.sbm) with real activations: its activations become 8-bit, and its weights"
          + " sub-bit if they are float, as the FPGA runs it.",
      "A saved model with binary activations: it computes in integers from pixel to logit. If the"
          + " folder of --data has test images, the accuracies before and after are printed."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit quantize resnet.onnx resnet-subbit.onnx --pictures photos --stages 2"
          + " --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
      "  ./subbit quantize net.onnx net-subbit.onnx --inputs samples.npy --keep-float head",
      "  ./subbit quantize clothes.sbm clothes-int8.sbm --data"
          + " integration-tests/data/fashion-mnist",
      "  ./subbit quantize photos.sbm photos-int8.sbm --pictures photos",
      "  ./subbit quantize binary.sbm integer.sbm --data integration-tests/data/fashion-mnist"
          + " --width 12 --tune 2",
      "  ./subbit quantize net.onnx net-subbit.onnx --inputs samples.npy --stages 2 --tune 20"
    })
public final class QuantizeCommand implements Callable<Integer> {

  /** Largest number of stages of a layer for which the number is chosen. */
  private static final int CHOSEN_STAGES = 3;

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private CalibrationOptions calibration;
  @Mixin private ProgressOption progress;
  @Mixin private ProvenanceOption provenance;

  @Parameters(index = "0", paramLabel = "IN", description = "The model, .onnx or .sbm.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT", description = "The file to write, of the same kind.")
  private Path out;

  @Option(
      names = "--tau",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "Bits of a codebook index, 1 to 9, for float weights; sub-bit weights stay as they are."
              + " Default: ${DEFAULT-VALUE}.")
  private int tau;

  @Option(
      names = "--stages",
      paramLabel = "N",
      description =
          "A convolution becomes the sum of N sub-bit ones, tau/9 bit per weight each;"
              + " with --bits or --max-drop, of at most N. Default: 1, and 3 with these.")
  private Integer stages;

  @Option(
      names = "--bits",
      paramLabel = "B",
      defaultValue = "0",
      description =
          "ONNX models: choose the stages of each layer so that the indices of all of them cost at"
              + " most B bits per weight, and put them where the outputs suffer most.")
  private double bits;

  @Option(
      names = "--max-drop",
      paramLabel = "PERCENT",
      description =
          "ONNX models: choose the fewest stages with which at most this percentage of the decisions"
              + " is another one on held-out samples (--metric): for a classifier, another class."
              + " Takes several quantizations.")
  private Double maxDrop;

  @Option(
      names = "--smallest",
      description =
          "ONNX models: find the smallest file within --max-drop over stages, --codewords and --rest,"
              + " and print size against agreement of all files that were tried. Takes many"
              + " quantizations.")
  private boolean smallest;

  @Option(
      names = "--minutes",
      paramLabel = "M",
      description =
          "ONNX models: after this time no more stages are tried, and layers that were not fitted yet"
              + " take the weights nearest to the float ones. Default: no limit.")
  private Double minutes;

  @Option(
      names = "--metric",
      paramLabel = "HOW",
      defaultValue = "LARGEST",
      description =
          "ONNX models: what a decision is, for the report and --max-drop: ${COMPLETION-CANDIDATES}."
              + " LARGEST is the place of the largest value of a row; COSINE, for descriptors, the"
              + " nearest of the held-out samples. Default: ${DEFAULT-VALUE}.")
  private Metric metric;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "ONNX models: how often indices, scales and codebooks are fitted to each other. Default:"
              + " ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--keep-float",
      paramLabel = "PATTERN",
      description =
          "ONNX models: layers whose name contains a match of this regular expression stay as they"
              + " are. May be given several times.")
  private List<Pattern> keepFloat = List.of();

  @Option(
      names = "--rest",
      paramLabel = "HOW",
      defaultValue = "FLOAT",
      description =
          "ONNX models: how the weights of all other Conv, ConvTranspose, Gemm and MatMul nodes are"
              + " stored: ${COMPLETION-CANDIDATES}. INT8 has one scale per output channel and runs"
              + " as fast as FLOAT. Default: ${DEFAULT-VALUE}.")
  private Rest rest;

  @Option(
      names = "--codewords",
      paramLabel = "KIND",
      defaultValue = "SIGNS",
      description =
          "ONNX models: what codewords hold: ${COMPLETION-CANDIDATES}. INT8 codewords cost the same"
              + " bits, fit convolutions of every kernel size and come much nearer to the float"
              + " ones; they run at the float model's speed and on no device. Default:"
              + " ${DEFAULT-VALUE}.")
  private Codewords codewords;

  @Option(
      names = "--at-a-loss",
      description =
          "ONNX models: make layers sub-bit even where int8 weights would take less, or every kernel"
              + " has a scale of its own.")
  private boolean atALoss;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description =
          "ONNX models: write a report about the quantization to this HTML file, for any browser.")
  private Path report;

  @Option(
      names = "--tune",
      paramLabel = "EPOCHS",
      defaultValue = "0",
      description =
          "Then train for this many passes, with the given model for a teacher. Starts from the"
              + " fitted weights. ONNX models: over the calibration inputs; a fifth of those that"
              + " are not held out decides which pass is kept. Saved models with float weights or"
              + " binary activations: over the training images of --data; with binary activations,"
              + " a tenth of the images is held out, and the result kept only if it is better on"
              + " them.")
  private int tune;

  @Option(
      names = "--tune-rate",
      paramLabel = "RATE",
      description =
          "Learning rate of the first step of --tune. Default: 0.003, 0.001 with binary"
              + " activations, and 0.03 for ONNX models, where it is the share of its usual size by"
              + " which a number changes.")
  private Double tuneRate;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Threads of --tune, on which the result depends in its last bits. Default: one per"
              + " processor.")
  private int threads;

  @Option(
      names = "--tune-minutes",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "ONNX models: end --tune after this many minutes, and lower the learning rate in that"
              + " time. Default: no bound.")
  private double tuneMinutes;

  @Option(
      names = "--tune-batch",
      paramLabel = "N",
      defaultValue = "32",
      description =
          "ONNX models: samples per step of --tune, where the model leaves that open. Default:"
              + " ${DEFAULT-VALUE}.")
  private int tuneBatch;

  @Option(
      names = "--tune-images",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "ONNX models: number of images or pictures that --tune trains on, if that is more than"
              + " --images, which layers are fitted to.")
  private int tuneImages;

  @Option(
      names = "--tune-batch-norm",
      description =
          "ONNX models: where batch normalisation is folded into a sub-bit layer, --tune normalises"
              + " by the statistics of each batch, as when the model was trained. For labels and"
              + " large batches.")
  private boolean tuneBatchNorm;

  @Option(
      names = "--tune-sub-bit",
      description =
          "ONNX models: --tune trains the sub-bit layers only; the weights of all others stay as"
              + " they are.")
  private boolean tuneSubBit;

  @Option(
      names = "--width",
      paramLabel = "BITS",
      description =
          "Saved models with binary activations: bits of a value between two layers, 9 to 16;"
              + " devices take 12. Default: 16.")
  private Integer width;

  @Option(
      names = "--labels",
      paramLabel = "SHARE",
      defaultValue = "0",
      description =
          "Share of the images' labels in what --tune learns from, 0 to 1; the rest is the output"
              + " of the float model. For ONNX models, labels are those of --data, counted from 0."
              + " Default: ${DEFAULT-VALUE}, no labels.")
  private double labels;

  @Option(
      names = "--int8",
      description =
          "ONNX models: the sub-bit convolutions take and give 8-bit activations; ranges come from"
              + " the calibration inputs, or from the model where it has them.")
  private boolean int8;

  @Option(
      names = "--fpga",
      description =
          "With --int8: write every stage as a convolution of its own, which the FPGA runs. Slower"
              + " on a processor and less exact; the same where all layers have one stage.")
  private boolean fpga;

  @Option(
      names = "--float-activations",
      description = "Saved models with float weights: leave the activations float.")
  private boolean floatActivations;

  @Option(
      names = "--clipping",
      paramLabel = "HOW",
      defaultValue = "LEAST_ERROR",
      description =
          "How ranges of 8-bit activations are chosen: ${COMPLETION-CANDIDATES}. LEAST_ERROR cuts"
              + " outliers. Default: ${DEFAULT-VALUE}.")
  private Clipping clipping;

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    OutputFile.requireWritable(out);
    OutputFile.requireOther(out, in);
    if (report != null) {
      OutputFile.requireWritable(report);
    }
    boolean onnx = isOnnx(in);
    if (onnx != isOnnx(out)) {
      throw new ParameterException(
          spec.commandLine(),
          "an .onnx file is quantized into an .onnx file, a saved model (.sbm) into a saved model;"
              + " found "
              + in
              + " and "
              + out);
    }
    if (onnx) {
      quantizeOnnx();
    } else {
      quantizeModel();
    }
    return 0;
  }

  private static boolean isOnnx(Path file) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
  }

  private void quantizeOnnx() {
    calibration.requireOneSource();
    PrintWriter err = spec.commandLine().getErr();
    calibration.warning().ifPresent(warning -> err.println("subbit: " + warning));
    err.flush();
    QuantizationSettings settings;
    if (fpga && !int8) {
      throw new ParameterException(
          spec.commandLine(), "--fpga says how --int8 writes convolutions: give both");
    }
    if (minutes != null && !(minutes > 0)) {
      throw new ParameterException(
          spec.commandLine(), "--minutes is " + minutes + "; it must be more than 0");
    }
    try {
      boolean chosen = bits != 0 || maxDrop != null;
      int most = stages != null ? stages : chosen ? CHOSEN_STAGES : 1;
      settings =
          new QuantizationSettings(
              new FitSettings(tau, most, rounds, 1, codewords),
              keepFloat,
              bits,
              maxDrop == null ? -1 : maxDrop / 100,
              metric,
              atALoss,
              rest,
              int8 ? Optional.of(new IntegerActivations(clipping, fpga)) : Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
    PrintWriter terminal = spec.commandLine().getOut();
    json.write(
        new OnnxQuantization(
                in,
                out,
                report,
                calibration,
                settings,
                training(),
                tuneImages,
                smallest,
                minutes,
                this::progress,
                terminal)
            .run());
    terminal.flush();
  }

  /** How an ONNX model is trained after the fit; empty if it is not. */
  private Optional<OnnxTuning> training() {
    requireLabelShare();
    if (tune == 0) {
      return Optional.empty();
    }
    if (maxDrop != null) {
      throw new ParameterException(
          spec.commandLine(),
          "--max-drop takes many quantizations, which --tune does not train: give --stages or"
              + " --bits with --tune");
    }
    try {
      OnnxTuning tuning =
          new OnnxTuning()
              .withEpochs(tune)
              .withMinutes(tuneMinutes)
              .withLabelShare(labels)
              .withBatchSize(tuneBatch)
              .withRest(!tuneSubBit)
              .withBatchStatistics(tuneBatchNorm)
              .withThreads(threads);
      return Optional.of(tuneRate == null ? tuning : tuning.withRate(tuneRate));
    } catch (PropertyException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }

  private void requireLabelShare() {
    if (!(labels >= 0 && labels <= 1)) {
      throw new ParameterException(
          spec.commandLine(), "--labels is " + labels + "; allowed are 0 to 1");
    }
    if (labels > 0 && tune == 0) {
      throw new ParameterException(
          spec.commandLine(), "--labels says what --tune learns from: give --tune EPOCHS too");
    }
  }

  private void quantizeModel() throws Exception {
    if (int8 && floatActivations) {
      throw new ParameterException(
          spec.commandLine(), "--int8 and --float-activations exclude each other");
    }
    requireLabelShare();
    calibration.requireImages();
    try (SubBitModel loaded = ModelFile.load(in);
        SubBitModel model = provenance.apply(loaded);
        QuantizationBar bar = new QuantizationBar(this::progress)) {
      boolean integers = SubBitQuantizer.makesIntegers(model.network());
      if (width != null && !integers) {
        throw new UserError(
            "--width is for models with binary activations; those of "
                + in
                + " are real, and become 8-bit");
      }
      Dataset<Label> images = calibration.imagesFor(model, tune > 0);
      if (integers) {
        json.write(
            new IntegerQuantization(out, calibration.folder(), bar, spec.commandLine().getOut())
                .run(model, images, tune, epochs -> quantizer(epochs).withProgress(bar)));
        return;
      }
      SubBitQuantizer quantizer = quantizer(tune).withProgress(bar);
      long start = System.nanoTime();
      try (SubBitModel quantized = quantizer.quantize(model, images)) {
        double seconds = (System.nanoTime() - start) / 1e9;
        bar.partOver();
        ModelFile.save(quantized, out);
        TrainedNetwork network = quantized.network();
        spec.commandLine()
            .getOut()
            .printf(
                Locale.ROOT,
                "Quantized the weights of %d convolutions and %d tensors over %,d images in %.1f s;"
                    + " saved %s (%,d bytes).%n",
                network.packed().size(),
                network.ranges().size(),
                Math.min(calibration.images(), images.size()),
                seconds,
                out,
                Files.size(out));
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("model", out.toString());
        results.put("images", Math.min(calibration.images(), images.size()));
        results.put("quantizedTensors", quantized.network().ranges().size());
        results.put("bytes", Files.size(out));
        json.write(results);
      }
    }
  }

  private Progress progress() {
    return progress.of("Quantizing");
  }

  /** The quantizer of saved models that the options describe, but for the passes of training. */
  private SubBitQuantizer quantizer(int tuneEpochs) {
    SubBitQuantizer quantizer =
        SubBitQuantizer.of(
                tau,
                stages == null ? 1 : stages,
                calibration.images(),
                tuneEpochs,
                floatActivations ? Optional.empty() : Optional.of(clipping))
            .withTeacherShare(1 - labels)
            .withThreads(threads);
    if (width != null) {
      quantizer.withIntegerWidth(width);
    }
    return tuneRate == null ? quantizer : quantizer.withTuneRate(tuneRate);
  }
}

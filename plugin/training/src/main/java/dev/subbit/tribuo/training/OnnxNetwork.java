package dev.subbit.tribuo.training;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.graph.FunctionInlining;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.tribuo.data.PixelDomain;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.quantizer.Deadline;
import dev.subbit.tribuo.quantizer.Metric;
import dev.subbit.tribuo.quantizer.OnnxQuantizer;
import dev.subbit.tribuo.quantizer.QuantizationProgress;
import dev.subbit.tribuo.quantizer.QuantizationResult;
import dev.subbit.tribuo.quantizer.QuantizationSettings;
import dev.subbit.tribuo.quantizer.Rest;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import dev.subbit.tribuo.quantizer.graph.OperatorSets;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.quantizer.input.CalibrationFeeds;
import dev.subbit.tribuo.quantizer.input.PixelSamples;
import dev.subbit.tribuo.quantizer.input.Samples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.classification.Label;

/**
 * A float classifier in an ONNX file of any origin, as a network that Tribuo's images train: its
 * 3x3 convolutions become sub-bit, fitted layer by layer, and then it is trained end to end. The
 * result is the graph of the file with sub-bit convolutions and new numbers; names, inputs, outputs
 * and metadata stay.
 *
 * <p>The model has one input, which takes images; the first of its outputs of float32 has a number
 * for each class.
 *
 * <p>Instances are safe for use by many threads if the tuning's receiver of passes is.
 */
public final class OnnxNetwork implements Configurable, Provenancable<ConfiguredObjectProvenance> {

  @Config(mandatory = true, description = "The ONNX file of the float network.")
  private Path path;

  @Config(description = "Bits of a codebook index, 1 to 9.")
  private int tau = 5;

  @Config(description = "Sub-bit convolutions that each convolution becomes the sum of.")
  private int stages = 1;

  @Config(
      description =
          "Regular expressions; layers whose names one of them matches anywhere stay float.")
  private List<String> keepFloat = new ArrayList<>();

  @Config(description = "Make layers sub-bit even where int8 weights would take less.")
  private boolean atALoss = false;

  @Config(
      description =
          "Number of images that layers are fitted to, spread evenly; training takes all of them.")
  private int calibrationImages = 256;

  @Config(description = "Factor of the pixels, 0 to 255; 0 for 1/255.")
  private float scale = 0;

  @Config(description = "Subtracted from the scaled pixels: one number, or one per channel.")
  private float[] mean = {0};

  @Config(description = "Divisor of the difference: one number, or one per channel.")
  private float[] deviation = {1};

  @Config(
      description =
          "Names of the labels in the order of the output's numbers; without, labels are their"
              + " numbers, from 0.")
  private List<String> labelNames = new ArrayList<>();

  @Config(description = "How the graph is trained; without, as a tuning does by default.")
  private OnnxTuning tuning = new OnnxTuning();

  /** For OLCUT, which fills in the configured fields. */
  private OnnxNetwork() {}

  /**
   * Takes a file whose convolutions become sub-bit in one stage of 5 bits each.
   *
   * @param path the ONNX file of the float network.
   * @param stages sub-bit convolutions that each convolution becomes the sum of.
   * @param tuning how it is trained.
   * @throws PropertyException if a value is out of range.
   */
  public OnnxNetwork(Path path, int stages, OnnxTuning tuning) {
    this.path = path;
    this.stages = stages;
    this.tuning = tuning;
    postConfig();
  }

  @Override
  public void postConfig() {
    require(tau >= 1 && tau <= Codebook.MAX_TAU, "tau", tau, "1 to " + Codebook.MAX_TAU);
    require(
        stages >= 1 && stages <= FitSettings.MAX_STAGES,
        "stages",
        stages,
        "1 to " + FitSettings.MAX_STAGES);
    require(calibrationImages >= 1, "calibrationImages", calibrationImages, "1 or more");
    for (float one : deviation) {
      require(one != 0, "deviation", one, "numbers other than 0");
    }
    patterns();
  }

  private static void require(boolean allowed, String property, Number found, String range) {
    if (!allowed) {
      throw new PropertyException(
          "", property, property + " is " + found + ", allowed are " + range);
    }
  }

  private List<Pattern> patterns() {
    try {
      return keepFloat.stream().map(Pattern::compile).toList();
    } catch (PatternSyntaxException e) {
      throw new PropertyException("", "keepFloat", "keepFloat: " + e.getMessage());
    }
  }

  /**
   * Fits and trains the network.
   *
   * @param images the images; a fifth of them, or 50 where as many are left, is held out to measure
   *     the result on.
   * @param progress receives the progress.
   * @return the model, with what was measured.
   * @throws IOException if the file cannot be read, or is no ONNX model.
   * @throws IllegalArgumentException if the network cannot be trained, with the node that stands in
   *     the way, or does not take the images.
   */
  public QuantizationResult train(Dataset<Label> images, QuantizationProgress progress)
      throws IOException {
    String name = path.toString();
    ModelProto model =
        OperatorSets.upgrade(
            name,
            FunctionInlining.inline(name, new OnnxFile(path).model(), OnnxNetwork::isForeign));
    Calibration all = calibration(model, images);
    Calibration few = all.part(calibrationImages);
    QuantizationSettings settings =
        new QuantizationSettings(
            new FitSettings(tau, stages, 3, 1),
            patterns(),
            0,
            -1,
            Metric.LARGEST,
            atALoss,
            Rest.FLOAT,
            Optional.empty());
    try (GraphSession reference = GraphSession.ofFile(path)) {
      return new OnnxQuantizer(settings, Deadline.NONE, Optional.of(tuning.on(all)))
          .quantize(model, reference, few, progress);
    }
  }

  private static boolean isForeign(FunctionProto function) {
    return !function.getDomain().equals(SubBitOperator.DOMAIN);
  }

  private Calibration calibration(ModelProto model, Dataset<Label> images) throws IOException {
    List<ModelInput> inputs = new ArrayList<>(ModelInput.of(model));
    if (inputs.size() != 1) {
      throw new IllegalArgumentException(
          path + ": images fill one input, the model has " + CalibrationFeeds.describe(inputs));
    }
    ModelInput input = inputs.get(0);
    ImageShape shape = PixelSamples.shapeOf(input, new long[0]);
    if (shape == null) {
      throw new IllegalArgumentException(
          path + ": input '" + input.name() + "' is " + input + ", a row of features, no image");
    }
    PixelMap pixels = new PixelMap(new PixelDomain(shape.size(), 1), shape);
    Map<String, Samples> samples = new LinkedHashMap<>();
    samples.put(
        input.name(),
        new PixelSamples(scale, mean, deviation)
            .of(
                input,
                new long[0],
                images.size(),
                (i, size) -> pixels(pixels, images.getExample(i)),
                "the images",
                null));
    if (tuning.needsLabels()) {
      inputs.add(ModelInput.ofNumbers(OnnxTuning.LABELS));
      samples.put(OnnxTuning.LABELS, labels(images));
    }
    return CalibrationFeeds.split(inputs, samples);
  }

  private static byte[] pixels(PixelMap map, Example<Label> example) {
    float[] values = new float[map.shape().size()];
    map.requireSize(example);
    map.fill(example, values, 0);
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Math.round(values[i]);
    }
    return bytes;
  }

  private Samples labels(Dataset<Label> images) {
    long[] numbers = new long[images.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = number(images.getExample(i).getOutput().getLabel());
    }
    return Samples.of(numbers, "the labels");
  }

  private int number(String label) {
    int number = labelNames.indexOf(label);
    if (number < 0 && labelNames.isEmpty() && label.matches("\\d{1,9}")) {
      number = Integer.parseInt(label);
    }
    if (number < 0) {
      throw new IllegalArgumentException(
          "An image has the label '"
              + label
              + "', which is not among labelNames: "
              + labelNames
              + "; list the labels in the order of the output's numbers");
    }
    return number;
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "OnnxNetwork");
  }

  @Override
  public String toString() {
    return "OnnxNetwork(path=" + path + ",tau=" + tau + ",stages=" + stages + ")";
  }
}

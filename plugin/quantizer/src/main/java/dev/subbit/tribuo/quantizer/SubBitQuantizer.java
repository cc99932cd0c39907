package dev.subbit.tribuo.quantizer;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import com.oracle.labs.mlrg.olcut.provenance.primitives.BooleanProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.HashProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.StringProvenance;
import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.settings.Clipping;
import dev.subbit.tribuo.stored.NetworkCodec;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;
import org.tribuo.provenance.ModelProvenance;
import org.tribuo.provenance.TrainerProvenance;

/**
 * Turns a trained model into one that runs on sub-bit weights and integer activations: 8-bit ones,
 * unless told otherwise, where the model has real activations, and integers from pixel to logit
 * where it has binary ones.
 *
 * <p>A model with float weights first gets sub-bit ones: each 3x3 convolution except the first
 * becomes the sum of {@code stages} sub-bit ones, fitted by the error of its outputs, see {@link
 * dev.subbit.tribuo.quantizer.OnnxQuantizer}. With {@code tuneEpochs} it is then trained a little
 * further on the same data, with the float model for a teacher. A model with sub-bit weights keeps
 * them. After that, the range of the activations around each sub-bit convolution is measured and
 * rounded to 8 bits, see {@link TrainedNetwork}.
 *
 * <p>A model with binary activations and sub-bit weights gets an {@link IntegerForm} of {@code
 * integerWidth} bits, which its values on the calibration images fit. With {@code tuneEpochs} it is
 * then trained a little further in the arithmetic of that form, with the model itself for a
 * teacher, on nine tenths of the data; if this does not make it more accurate on the last tenth, it
 * stays as it was.
 *
 * <p>The result depends on the model, the calibration data and this configuration only. Instances
 * are safe for use by many threads once configured.
 */
public final class SubBitQuantizer
    implements Configurable, Provenancable<ConfiguredObjectProvenance> {

  /** Name, in a model's provenance, of the layers that were quantized. */
  private static final String LAYERS = "quantized-layers";

  /**
   * Name, in the provenance of an integer model, of whether it is the result of the training after
   * the choice of its form.
   */
  private static final String TUNED = "tuned";

  /** Learning rate of the training of a network that had float weights. */
  private static final double FLOAT_RATE = 0.003;

  /** Learning rate of the training of a network with binary activations. */
  private static final double BINARY_RATE = 0.001;

  @Config(description = "Bits of a codebook index, 1 to 9, for models with float weights.")
  private int tau = 5;

  @Config(description = "Images, spread evenly over the calibration data, to measure on.")
  private int calibrationImages = 256;

  @Config(description = "How ranges are chosen: MIN_MAX or LEAST_ERROR.")
  private Clipping clipping = Clipping.LEAST_ERROR;

  @Config(
      description =
          "For models with float weights: sub-bit convolutions that a convolution becomes the sum"
              + " of.")
  private int stages = 1;

  @Config(description = "How often indices, scales and codebooks are fitted to each other.")
  private int rounds = 3;

  @Config(
      description =
          "For models with float weights or binary activations: passes of training over the data"
              + " after the fit. Needs subbit-training and TensorFlow.")
  private int tuneEpochs = 0;

  @Config(
      description =
          "Learning rate of the first step of that training; 0 takes 0.003, and 0.001 for models"
              + " with binary activations.")
  private double tuneRate = 0;

  @Config(
      description =
          "Share of the float model's outputs in what that training learns from, 0 to 1; the rest"
              + " are the labels. At 1 labels do not matter.")
  private double teacherShare = 1;

  @Config(
      description =
          "Threads of that training; 0 takes one per processor. All trainings in a JVM need the"
              + " same.")
  private int threads = 0;

  @Config(
      description =
          "Make activations integers too, 8-bit ones where they are real; otherwise they stay"
              + " float.")
  private boolean integerActivations = true;

  @Config(
      description =
          "For models with binary activations: bits of a value between their layers, 9 to 16;"
              + " devices take 12.")
  private int integerWidth = 16;

  @Config(description = "Seed of all random choices.")
  private long seed = 1;

  private QuantizationProgress progress = QuantizationProgress.NONE;

  /** Makes a quantizer with the default settings, for code and for OLCUT. */
  public SubBitQuantizer() {}

  /**
   * Makes a quantizer with stages and training.
   *
   * @param tau bits of a codebook index, 1 to 9, for models with float weights.
   * @param stages sub-bit convolutions that a convolution becomes the sum of.
   * @param calibrationImages number of images to fit and measure on, at least 1.
   * @param tuneEpochs passes of training after the fit; 0 for none.
   * @param clipping how the ranges of 8-bit activations are chosen; empty to leave activations
   *     float.
   * @return the quantizer.
   * @throws PropertyException if a value is out of range.
   */
  public static SubBitQuantizer of(
      int tau, int stages, int calibrationImages, int tuneEpochs, Optional<Clipping> clipping) {
    SubBitQuantizer quantizer = new SubBitQuantizer();
    quantizer.tau = tau;
    quantizer.stages = stages;
    quantizer.calibrationImages = calibrationImages;
    quantizer.tuneEpochs = tuneEpochs;
    quantizer.integerActivations = clipping.isPresent();
    clipping.ifPresent(how -> quantizer.clipping = how);
    quantizer.postConfig();
    return quantizer;
  }

  /**
   * Makes a quantizer of weights and activations without training.
   *
   * @param tau bits of a codebook index, 1 to 9, for models with float weights.
   * @param calibrationImages number of images to measure on, at least 1.
   * @param clipping how ranges are chosen.
   * @throws PropertyException if a value is out of range.
   */
  public SubBitQuantizer(int tau, int calibrationImages, Clipping clipping) {
    this.tau = tau;
    this.calibrationImages = calibrationImages;
    this.clipping = clipping;
    postConfig();
  }

  /**
   * Sets the share of the float model in what the training after the fit learns from.
   *
   * @param share of the float model's outputs, 0 to 1; the rest are the labels.
   * @return this quantizer.
   * @throws PropertyException if it is out of range.
   */
  public SubBitQuantizer withTeacherShare(double share) {
    teacherShare = share;
    postConfig();
    return this;
  }

  /**
   * Sets the threads of the training.
   *
   * @param number of threads, of which all trainings in one JVM need the same; 0 takes one per
   *     processor.
   * @return this quantizer.
   */
  public SubBitQuantizer withThreads(int number) {
    threads = number;
    return this;
  }

  /**
   * Sets the bits of a value between the layers of a model with binary activations.
   *
   * @param width 9 to 16.
   * @return this quantizer.
   * @throws PropertyException if it is out of range.
   */
  public SubBitQuantizer withIntegerWidth(int width) {
    integerWidth = width;
    postConfig();
    return this;
  }

  /**
   * Sets the learning rate of the first step of the training.
   *
   * @param rate positive, or 0 for the default.
   * @return this quantizer.
   * @throws PropertyException if it is out of range.
   */
  public SubBitQuantizer withTuneRate(double rate) {
    tuneRate = rate;
    postConfig();
    return this;
  }

  /**
   * Sets who receives the progress. That changes neither the result nor its provenance.
   *
   * @param receiver receives the layers that are fitted and the steps of the training, on the
   *     thread that quantizes.
   * @return this quantizer.
   */
  public SubBitQuantizer withProgress(QuantizationProgress receiver) {
    progress = receiver;
    return this;
  }

  @Override
  public void postConfig() {
    require(tau >= 1 && tau <= Codebook.MAX_TAU, "tau", tau, "1 to " + Codebook.MAX_TAU);
    require(calibrationImages >= 1, "calibrationImages", calibrationImages, "1 or more");
    require(
        stages >= 1 && stages <= FitSettings.MAX_STAGES,
        "stages",
        stages,
        "1 to " + FitSettings.MAX_STAGES);
    require(rounds >= 1, "rounds", rounds, "1 or more");
    require(
        integerWidth >= IntegerForm.MIN_WIDTH && integerWidth <= IntegerForm.MAX_WIDTH,
        "integerWidth",
        integerWidth,
        IntegerForm.MIN_WIDTH + " to " + IntegerForm.MAX_WIDTH);
    require(tuneEpochs >= 0, "tuneEpochs", tuneEpochs, "0 or more");
    require(threads >= 0, "threads", threads, "0 or more");
    require(tuneRate >= 0, "tuneRate", tuneRate, "0 or more");
    require(teacherShare >= 0 && teacherShare <= 1, "teacherShare", teacherShare, "0 to 1");
  }

  private static void require(boolean allowed, String property, Number found, String range) {
    if (!allowed) {
      throw new PropertyException(
          "", property, property + " is " + found + ", allowed are " + range);
    }
  }

  /**
   * Quantizes a model.
   *
   * @param model a model with real activations, or with binary ones and sub-bit weights; left as it
   *     is.
   * @param calibration images like those that will be predicted; labels do not matter, except to
   *     judge the training of a model with binary activations.
   * @return a model of the same domains and name. Its provenance adds to the model's own this
   *     quantizer, the calibration data, a SHA-256 of the network that was quantized, and the names
   *     of the layers whose weights or activations were; for a model with binary activations that
   *     was trained further, also whether the result of that training was kept.
   * @throws IllegalArgumentException if the model is quantized already, if it has binary
   *     activations but float weights, or numbers that no integer form fits, if it has no 3x3
   *     convolution to quantize, if there is no calibration data, or if a value of the network
   *     overflows on it.
   */
  public SubBitModel quantize(SubBitModel model, Dataset<Label> calibration) {
    return quantize(model, calibration, model.getProvenance().getTrainerProvenance());
  }

  /**
   * Quantizes a model that is to name another trainer than its own: one that has this quantizer as
   * its last step.
   *
   * @param model a model with real activations; left as it is.
   * @param calibration images like those that will be predicted; labels do not matter.
   * @param trainer the trainer that the result names.
   * @return the quantized model, see {@link #quantize(SubBitModel, Dataset)}.
   * @throws IllegalArgumentException for the reasons given there.
   */
  public SubBitModel quantize(
      SubBitModel model, Dataset<Label> calibration, TrainerProvenance trainer) {
    requireQuantizable(model.network());
    CalibrationImages images =
        new CalibrationImages(calibration, calibrationImages, model.pixels());
    Map<String, Provenance> findings = new HashMap<>();
    TrainedNetwork network =
        makesIntegers(model.network())
            ? inIntegers(model, images, calibration, findings)
            : inEightBits(model, images, calibration);
    findings.put(LAYERS, new StringProvenance(LAYERS, String.join(", ", quantizedLayers(network))));
    return model.withNetwork(network, provenance(model, findings, calibration, trainer));
  }

  private TrainedNetwork inEightBits(
      SubBitModel model, CalibrationImages images, Dataset<Label> calibration) {
    TrainedNetwork network = model.network();
    if (network.packed().isEmpty()) {
      network = subBit(model, images, calibration);
    } else if (!integerActivations) {
      throw new IllegalArgumentException(
          "The model's weights are sub-bit already, and its activations are to stay float: there"
              + " is nothing to do");
    }
    if (!integerActivations) {
      return network;
    }
    progress.at(0, 1, "ranges of the activations");
    return RangeCalibration.calibrate(network, images, clipping);
  }

  /** The network in integers, tuned if this quantizer tunes. */
  private TrainedNetwork inIntegers(
      SubBitModel model,
      CalibrationImages images,
      Dataset<Label> calibration,
      Map<String, Provenance> findings) {
    if (!integerActivations) {
      throw new IllegalArgumentException(
          "The model's weights are sub-bit and its activations binary already, and the values"
              + " between its layers are to stay float: there is nothing to do");
    }
    TrainedNetwork network = model.network();
    progress.at(0, 1, "size of the values");
    TrainedNetwork untuned =
        network.withIntegers(IntegerCalibration.choose(network, images, integerWidth));
    if (tuneEpochs == 0) {
      return untuned;
    }
    TrainedNetwork tuned =
        NetworkTuner.load().tune(model, untuned, calibration, tuning(BINARY_RATE));
    findings.put(TUNED, new BooleanProvenance(TUNED, tuned != untuned));
    return tuned;
  }

  private TrainedNetwork subBit(SubBitModel model, CalibrationImages images, Dataset<Label> data) {
    TrainedNetwork network =
        NetworkQuantization.quantize(
            model.network(),
            new FitSettings(tau, stages, rounds, seed),
            images,
            model.pixels().positions(),
            progress);
    if (tuneEpochs == 0) {
      return network;
    }
    return NetworkTuner.load().tune(model, network, data, tuning(FLOAT_RATE));
  }

  private TuningSettings tuning(double defaultRate) {
    int workers = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    double rate = tuneRate == 0 ? defaultRate : tuneRate;
    return new TuningSettings(tuneEpochs, rate, teacherShare, workers, seed, progress);
  }

  private static void requireQuantizable(TrainedNetwork trained) {
    if (!trained.ranges().isEmpty()) {
      throw new IllegalArgumentException("The model is quantized already");
    }
    trained
        .integers()
        .ifPresent(
            form -> {
              throw new IllegalArgumentException(
                  "The model is quantized already: it computes in integers of "
                      + form.width()
                      + " bits");
            });
    for (Network.Node node : trained.network().nodes()) {
      if (isBinary(node) && ((Layer.Conv) node.layer()).weights() == Layer.Weights.FLOAT) {
        throw new IllegalArgumentException(
            "The model binarises its activations, at '"
                + node.name()
                + "' first, and has float weights there; quantize a model that was trained with"
                + " weights=SUB_BIT, or with activations=REAL");
      }
    }
  }

  /**
   * Whether a network is one that {@link #quantize(SubBitModel, Dataset)} gives an integer form.
   *
   * @param trained the network.
   * @return true if it has binary activations.
   */
  public static boolean makesIntegers(TrainedNetwork trained) {
    return trained.network().nodes().stream().anyMatch(SubBitQuantizer::isBinary);
  }

  /**
   * Whether a model is the result of the training after the choice of its integer form.
   *
   * @param model a model that a quantizer gave an integer form.
   * @return false if there was no such training, or its result was no better.
   */
  public static boolean isTuned(SubBitModel model) {
    return model.getProvenance().getInstanceProvenance().getMap().get(TUNED)
            instanceof BooleanProvenance tuned
        && tuned.getValue();
  }

  private static boolean isBinary(Network.Node node) {
    return node.layer() instanceof Layer.Conv conv
        && conv.activations() == Layer.Activations.BINARY;
  }

  /** In integers all layers with weights are quantized, otherwise those with sub-bit weights. */
  private static Collection<String> quantizedLayers(TrainedNetwork network) {
    if (network.integers().isEmpty()) {
      return network.packed().keySet();
    }
    return network.network().nodes().stream()
        .filter(node -> node.layer() instanceof Layer.Conv || node.layer() instanceof Layer.Dense)
        .map(Network.Node::name)
        .toList();
  }

  private ModelProvenance provenance(
      SubBitModel model,
      Map<String, Provenance> findings,
      Dataset<Label> calibration,
      TrainerProvenance trainer) {
    ModelProvenance trained = model.getProvenance();
    Map<String, Provenance> instance = new HashMap<>(trained.getInstanceProvenance().getMap());
    instance.putAll(findings);
    instance.put("quantizer", getProvenance());
    instance.put("calibration-data", calibration.getProvenance());
    byte[] network = NetworkCodec.encode(model.network()).toByteArray();
    instance.put(
        "quantized-from",
        new HashProvenance(
            ProvenanceUtil.HashType.SHA256,
            "quantized-from",
            HexFormat.of().formatHex(Sha256.start().digest(network))));
    return new ModelProvenance(
        SubBitModel.class.getName(),
        OffsetDateTime.now(),
        trained.getDatasetProvenance(),
        trainer,
        instance);
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "SubBitQuantizer");
  }

  @Override
  public String toString() {
    return "SubBitQuantizer(tau="
        + tau
        + ",calibrationImages="
        + calibrationImages
        + ",stages="
        + stages
        + ",tuneEpochs="
        + tuneEpochs
        + ",clipping="
        + clipping
        + ",integerWidth="
        + integerWidth
        + ")";
  }
}

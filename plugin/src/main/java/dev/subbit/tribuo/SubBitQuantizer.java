package dev.subbit.tribuo;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;
import org.tribuo.provenance.ModelProvenance;

/**
 * Turns a trained model into one that runs on 8-bit activations and sub-bit weights, without
 * training it further.
 *
 * <p>A model with float weights first gets sub-bit ones: a codebook for each 3x3 convolution but
 * the first, the nearest codeword for each kernel and the best scale for each output channel; then
 * the statistics of its batch normalisation are measured anew, since the activations have changed.
 * A model with sub-bit weights keeps them. After that, the range of the activations around each
 * sub-bit convolution is measured and rounded to 8 bits, see {@link TrainedNetwork}.
 *
 * <p>The result depends on the model, the calibration data and this configuration only. Instances
 * are safe for use by many threads once configured.
 */
public final class SubBitQuantizer
    implements Configurable, Provenancable<ConfiguredObjectProvenance> {

  /** How the range of an activation is chosen from its values on the calibration data. */
  public enum Clipping {
    /** From the smallest to the largest value. */
    MIN_MAX,
    /** The range whose rounded values differ least from the values, in squares; cuts outliers. */
    LEAST_ERROR
  }

  @Config(description = "Bits of a codebook index, 1 to 9, for models with float weights.")
  private int tau = 5;

  @Config(description = "Images, spread evenly over the calibration data, to measure on.")
  private int calibrationImages = 256;

  @Config(description = "How ranges are chosen: MIN_MAX or LEAST_ERROR.")
  private Clipping clipping = Clipping.LEAST_ERROR;

  @Config(description = "Most rounds of clustering that fit a codebook.")
  private int clusteringRounds = 30;

  @Config(description = "Seed of the first codewords.")
  private long seed = 1;

  /** A quantizer with the default settings; for OLCUT too. */
  public SubBitQuantizer() {}

  /**
   * A quantizer.
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

  @Override
  public void postConfig() {
    if (tau < 1 || tau > Codebook.MAX_TAU) {
      throw new PropertyException("", "tau", "tau is " + tau + ", allowed are 1 to 9");
    }
    if (calibrationImages < 1) {
      throw new PropertyException(
          "",
          "calibrationImages",
          "at least one calibration image is needed, found " + calibrationImages);
    }
    if (clusteringRounds < 1) {
      throw new PropertyException(
          "",
          "clusteringRounds",
          "at least one round of clustering is needed, found " + clusteringRounds);
    }
  }

  /**
   * Quantizes a model.
   *
   * @param model a model with real activations; left as it is.
   * @param calibration images like those that will be predicted; labels do not matter.
   * @return a model of the same domains and name whose provenance adds this quantizer and the
   *     calibration data to the model's own.
   * @throws IllegalArgumentException if the model binarises its activations or is quantized
   *     already, if it has no 3x3 convolution to quantize, if there is no calibration data, or if a
   *     value of the network overflows on it.
   */
  public SubBitModel quantize(SubBitModel model, Dataset<Label> calibration) {
    requireQuantizable(model.network());
    CalibrationImages images =
        new CalibrationImages(calibration, calibrationImages, model.pixels());
    TrainedNetwork network = model.network();
    if (network.packed().isEmpty()) {
      network =
          new WeightQuantization(tau, clusteringRounds, new SplittableRandom(seed))
              .quantize(network);
      network = NormRefit.refit(network, images);
    }
    network = RangeCalibration.calibrate(network, images, clipping);
    return new SubBitModel(
        model.getName(),
        provenance(model.getProvenance(), calibration),
        model.getFeatureIDMap(),
        model.getOutputIDInfo(),
        network);
  }

  private static void requireQuantizable(TrainedNetwork trained) {
    if (!trained.ranges().isEmpty()) {
      throw new IllegalArgumentException("The model is quantized already");
    }
    trained.network().nodes().stream()
        .filter(
            node ->
                node.layer() instanceof Layer.Conv conv
                    && conv.activations() == Layer.Activations.BINARY)
        .findFirst()
        .ifPresent(
            node -> {
              throw new IllegalArgumentException(
                  "The model binarises its activations, at '"
                      + node.name()
                      + "' first, and needs no 8-bit ones; quantize a model that was trained with"
                      + " activations=REAL");
            });
  }

  private ModelProvenance provenance(ModelProvenance trained, Dataset<Label> calibration) {
    Map<String, Provenance> instance = new HashMap<>(trained.getInstanceProvenance().getMap());
    instance.put("quantizer", getProvenance());
    instance.put("calibration-data", calibration.getProvenance());
    return new ModelProvenance(
        SubBitModel.class.getName(),
        OffsetDateTime.now(),
        trained.getDatasetProvenance(),
        trained.getTrainerProvenance(),
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
        + ",clipping="
        + clipping
        + ")";
  }
}

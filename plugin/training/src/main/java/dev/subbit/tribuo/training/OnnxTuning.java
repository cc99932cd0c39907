package dev.subbit.tribuo.training;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import dev.subbit.tribuo.quantizer.GraphTuner;
import dev.subbit.tribuo.quantizer.QuantizationProgress;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.training.internal.graph.GraphTraining;
import dev.subbit.tribuo.training.internal.graph.GraphTrainingSettings;
import dev.subbit.tribuo.training.internal.graph.TrainingRound;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How an ONNX graph is trained after its layers were fitted: end to end, from the fit on, with the
 * float model for a teacher, labels, or both. First all but the choice of codewords is trained,
 * then everything, and at the end all but that choice again. After every pass the graph is measured
 * in ONNX Runtime on samples that are not trained on, and the best state is kept.
 *
 * <p>Training runs on TensorFlow-Java. The result is determined by the arguments, the machine and
 * the number of threads. Instances are safe for use by many threads once they are set up.
 */
public final class OnnxTuning
    implements Configurable, Provenancable<ConfiguredObjectProvenance>, GraphTuner {

  /** Name under which a feed holds the class of each sample: int64, of one axis. */
  public static final String LABELS = GraphTraining.LABELS;

  /** Receives what the passes came to. */
  @FunctionalInterface
  public interface Passes {

    /**
     * Called at the start and after every pass, on the thread that trains.
     *
     * @param pass number of passes over the samples so far; 0 for the start.
     * @param loss mean of what was minimised in the last pass; NaN for the start.
     * @param error on samples that are not trained on, of the model as it would be written: the
     *     noise on its outputs over their variance between samples, mixed with the share of wrong
     *     classes by the share of the labels.
     */
    void done(int pass, double loss, double error);
  }

  @Config(description = "Passes over the samples, 1 or more.")
  private int epochs = 5;

  @Config(
      description =
          "Minutes after which training ends even so; the learning rate falls in that time. 0 for"
              + " no bound.")
  private double minutes = 0;

  @Config(
      description =
          "Learning rate of the first step, falling to 0 by a cosine: the share of its usual size"
              + " by which a number changes at most.")
  private double rate = 0.03;

  @Config(description = "Samples per step, where the model leaves that open; 1 or more.")
  private int batchSize = 32;

  @Config(
      description =
          "Share of the labels in what is minimised, 0 to 1; the rest are the outputs of the float"
              + " model.")
  private double labelShare = 0;

  @Config(description = "Train the weights of layers that stay float, too.")
  private boolean trainsRest = true;

  @Config(
      description =
          "Where batch normalisation was folded into a sub-bit layer, normalise by the statistics"
              + " of each batch in training, as when the float model was trained; otherwise it"
              + " stays folded. For labels and batches of 32 and more.")
  private boolean normalisesBatches = false;

  @Config(
      description =
          "Threads; 0 takes one per processor. All trainings in a JVM need the same number.")
  private int threads = 0;

  @Config(description = "Seed of the order of the samples.")
  private long seed = 1;

  private Passes passes = (pass, loss, error) -> {};

  /** Makes a tuning with the default settings, for code and for OLCUT. */
  public OnnxTuning() {}

  /**
   * Sets the number of passes over the samples.
   *
   * @param number 1 or more.
   * @return this tuning.
   * @throws PropertyException if it is out of range.
   */
  public OnnxTuning withEpochs(int number) {
    epochs = number;
    postConfig();
    return this;
  }

  /**
   * Sets a bound of time.
   *
   * @param most minutes; 0 for no bound.
   * @return this tuning.
   * @throws PropertyException if it is negative.
   */
  public OnnxTuning withMinutes(double most) {
    minutes = most;
    postConfig();
    return this;
  }

  /**
   * Sets the learning rate of the first step.
   *
   * @param first positive.
   * @return this tuning.
   * @throws PropertyException if it is out of range.
   */
  public OnnxTuning withRate(double first) {
    rate = first;
    postConfig();
    return this;
  }

  /**
   * Sets the samples per step.
   *
   * @param number 1 or more.
   * @return this tuning.
   * @throws PropertyException if it is out of range.
   */
  public OnnxTuning withBatchSize(int number) {
    batchSize = number;
    postConfig();
    return this;
  }

  /**
   * Sets the share of the labels.
   *
   * @param share 0 to 1.
   * @return this tuning.
   * @throws PropertyException if it is out of range.
   */
  public OnnxTuning withLabelShare(double share) {
    labelShare = share;
    postConfig();
    return this;
  }

  /**
   * Sets whether the weights of layers that stay float are trained.
   *
   * @param trained true to train them.
   * @return this tuning.
   */
  public OnnxTuning withRest(boolean trained) {
    trainsRest = trained;
    return this;
  }

  /**
   * Sets whether batch normalisation is unfolded in training.
   *
   * @param unfolded true to normalise by the statistics of each batch.
   * @return this tuning.
   */
  public OnnxTuning withBatchStatistics(boolean unfolded) {
    normalisesBatches = unfolded;
    return this;
  }

  /**
   * Sets the threads.
   *
   * @param number 0 takes one per processor; all trainings in a JVM need the same.
   * @return this tuning.
   * @throws PropertyException if it is negative.
   */
  public OnnxTuning withThreads(int number) {
    threads = number;
    postConfig();
    return this;
  }

  /**
   * A tuner that trains on more samples than layers are fitted to.
   *
   * @param samples the samples; those that they hold out are not looked at.
   * @return the tuner, with the settings of this tuning as they are when it trains.
   */
  public GraphTuner on(Calibration samples) {
    return new GraphTuner() {
      @Override
      public void requireTrainable(ModelProto model, List<ConvLayer> layers, Calibration few) {
        OnnxTuning.this.requireTrainable(model, layers, samples);
      }

      @Override
      public Tuned tune(
          ModelProto model,
          Map<ConvLayer, StagedWeights> fitted,
          Calibration few,
          QuantizationProgress progress) {
        return OnnxTuning.this.tune(model, fitted, samples, progress);
      }
    };
  }

  /**
   * Sets who receives what the passes come to.
   *
   * @param receiver the receiver.
   * @return this tuning.
   */
  public OnnxTuning withPasses(Passes receiver) {
    passes = receiver;
    return this;
  }

  /**
   * Whether labels count.
   *
   * @return true if feeds need {@link #LABELS}.
   */
  public boolean needsLabels() {
    return labelShare > 0;
  }

  @Override
  public void postConfig() {
    require(epochs >= 1, "epochs", epochs, "1 or more");
    require(minutes >= 0, "minutes", minutes, "0 or more");
    require(rate > 0, "rate", rate, "more than 0");
    require(batchSize >= 1, "batchSize", batchSize, "1 or more");
    require(labelShare >= 0 && labelShare <= 1, "labelShare", labelShare, "0 to 1");
    require(threads >= 0, "threads", threads, "0 or more");
  }

  private static void require(boolean allowed, String property, Number found, String range) {
    if (!allowed) {
      throw new PropertyException(
          "", property, property + " is " + found + ", allowed are " + range);
    }
  }

  private GraphTraining training() {
    int workers = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    Consumer<TrainingRound> listener =
        round -> passes.done(round.epoch(), round.loss(), round.error());
    return new GraphTraining(
        new GraphTrainingSettings(
            epochs,
            minutes,
            rate,
            batchSize,
            labelShare,
            trainsRest,
            normalisesBatches,
            workers,
            seed),
        listener);
  }

  @Override
  public void requireTrainable(ModelProto model, List<ConvLayer> layers, Calibration calibration) {
    training().requireTrainable(model, layers, calibration);
  }

  @Override
  public Tuned tune(
      ModelProto model,
      Map<ConvLayer, StagedWeights> fitted,
      Calibration calibration,
      QuantizationProgress progress) {
    return training().tune(model, fitted, calibration, progress);
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "OnnxTuning");
  }

  @Override
  public String toString() {
    return "OnnxTuning(epochs="
        + epochs
        + ",minutes="
        + minutes
        + ",rate="
        + rate
        + ",batchSize="
        + batchSize
        + ",labelShare="
        + labelShare
        + ",trainsRest="
        + trainsRest
        + ",normalisesBatches="
        + normalisesBatches
        + ",seed="
        + seed
        + ")";
  }
}

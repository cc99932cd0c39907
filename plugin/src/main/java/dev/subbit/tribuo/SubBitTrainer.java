package dev.subbit.tribuo;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import dev.subbit.tribuo.data.Augmentation;
import dev.subbit.tribuo.data.ImageBatches;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.engine.InitialParameters;
import dev.subbit.tribuo.engine.TrainingEngine;
import dev.subbit.tribuo.engine.TrainingPlan;
import dev.subbit.tribuo.engine.TrainingRun;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.random.RandomPlace;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import org.tribuo.Dataset;
import org.tribuo.ImmutableFeatureMap;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.provenance.ModelProvenance;
import org.tribuo.provenance.TrainerProvenance;
import org.tribuo.provenance.impl.TrainerProvenanceImpl;

/**
 * Trains image classifiers whose 3x3 convolutions cost tau / 9 bit a weight; float and plain binary
 * (tau = 9) networks too.
 *
 * <p>Configured by OLCUT, or in code by a {@link Builder}. Training needs TensorFlow on the
 * classpath; prediction with the model does not. One configuration, one dataset and one number of
 * threads give the same model to the bit on one machine. TensorFlow takes the number of threads
 * from the first training in a JVM; a later one with another number is refused. Example weights are
 * not used.
 *
 * <p>Trainers are safe for use by many threads; two trainings at once share the machine.
 *
 * <p>Source: Wang et al., "Sub-bit Neural Networks", ICCV 2021.
 */
public final class SubBitTrainer implements Trainer<Label> {

  @Config(
      description =
          "The network: resnet8, resnet14, resnet20, resnet32, resnet56, resnet18, resnet34 or"
              + " vgg-small. resnet18 and resnet34 halve images of more than 64 rows or columns"
              + " twice at once, by a 7x7 convolution and a max pooling.")
  private String network = "resnet20";

  @Config(mandatory = true, description = "Shape of the images: channels, height, width.")
  private int[] imageShape;

  @Config(description = "Bits of a codebook index, 1 to 9; a weight costs tau / 9 bit.")
  private int tau = 5;

  @Config(description = "Weights of the 3x3 convolutions after the first: SUB_BIT or FLOAT.")
  private Layer.Weights weights = Layer.Weights.SUB_BIT;

  @Config(description = "Activations that these convolutions take: REAL or BINARY.")
  private Layer.Activations activations = Layer.Activations.REAL;

  @Config(description = "Passes over the data.")
  private int epochs = 10;

  @Config(description = "Images in every step, at least 2.")
  private int batchSize = 32;

  @Config(description = "Adam's learning rate at the first step; it falls linearly to 0.")
  private double learningRate = 0.01;

  @Config(description = "L2 decay of the float weights.")
  private double weightDecay = 1e-4;

  @Config(description = "The codebooks are refined at every so-manyth step.")
  private int refineInterval = 25;

  @Config(description = "Adam's learning rate of the codebooks; it falls linearly to 0.")
  private double refineRate = 0.02;

  @Config(description = "Mirror half of the training images left to right.")
  private boolean flip = false;

  @Config(description = "Move training images by up to so many pixels in each direction.")
  private int maxShift = 0;

  @Config(description = "Seed of all random choices.")
  private long seed = Trainer.DEFAULT_SEED;

  @Config(description = "Threads to train with; 0 takes one a processor.")
  private int threads = 0;

  @Config(description = "Show a progress bar, where the program runs in a terminal.")
  private boolean showProgress = true;

  private final List<TrainingListener> listeners = new CopyOnWriteArrayList<>();

  private SplittableRandom rng;
  private int invocationCount;

  /** For OLCUT. */
  private SubBitTrainer() {}

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if a field's value is not allowed, naming both.
   */
  @Override
  public synchronized void postConfig() {
    require(Networks.names().contains(network), "network", network, "one of " + Networks.names());
    require(
        imageShape != null
            && imageShape.length == 3
            && Arrays.stream(imageShape).min().getAsInt() > 0,
        "imageShape",
        Arrays.toString(imageShape),
        "three positive numbers: channels, height, width");
    require(tau >= 1 && tau <= 9, "tau", tau, "1 to 9");
    require(epochs >= 1, "epochs", epochs, "1 and more");
    require(batchSize >= 2, "batchSize", batchSize, "2 and more");
    require(
        learningRate > 0 && Double.isFinite(learningRate),
        "learningRate",
        learningRate,
        "positive numbers");
    require(
        weightDecay >= 0 && Double.isFinite(weightDecay),
        "weightDecay",
        weightDecay,
        "0 and positive numbers");
    require(refineInterval >= 1, "refineInterval", refineInterval, "1 and more");
    require(
        refineRate > 0 && Double.isFinite(refineRate),
        "refineRate",
        refineRate,
        "positive numbers");
    require(maxShift >= 0, "maxShift", maxShift, "0 and more");
    require(threads >= 0, "threads", threads, "0 (one a processor) and more");
    if (threads == 0) {
      // Resolved here, so that the provenance holds the number that the result depends on.
      threads = Runtime.getRuntime().availableProcessors();
    }
    rng = new SplittableRandom(seed);
  }

  private static void require(boolean condition, String field, Object value, String allowed) {
    if (!condition) {
      throw new PropertyException(
          "SubBitTrainer", field, field + " is " + value + ", allowed: " + allowed);
    }
  }

  /**
   * Adds a listener. Listeners are no part of the configuration.
   *
   * @param listener told of every epoch of every later training.
   */
  public void addListener(TrainingListener listener) {
    listeners.add(listener);
  }

  @Override
  public SubBitModel train(Dataset<Label> examples) {
    return train(examples, Collections.emptyMap());
  }

  @Override
  public SubBitModel train(Dataset<Label> examples, Map<String, Provenance> runProvenance) {
    return train(examples, runProvenance, INCREMENT_INVOCATION_COUNT);
  }

  /**
   * Trains a model.
   *
   * @param examples the training images, each pixel a feature named by its position.
   * @param runProvenance provenance of this run.
   * @param invocationCount the state to set the trainer's random numbers to before, or {@link
   *     #INCREMENT_INVOCATION_COUNT} to go on from where they are.
   * @return the model.
   * @throws IllegalArgumentException if the dataset cannot be trained on: empty, of one class only,
   *     with unknown outputs, smaller than a batch, or with features that are no pixels of the
   *     configured image shape.
   * @throws IllegalStateException if TensorFlow is missing, an earlier training in this JVM had
   *     another number of threads, or training diverges.
   */
  @Override
  public SubBitModel train(
      Dataset<Label> examples, Map<String, Provenance> runProvenance, int invocationCount) {
    requireTrainable(examples);
    SplittableRandom localRng;
    TrainerProvenance trainerProvenance;
    synchronized (this) {
      if (invocationCount != INCREMENT_INVOCATION_COUNT) {
        setInvocationCount(invocationCount);
      }
      localRng = rng.split();
      trainerProvenance = getProvenance();
      this.invocationCount++;
    }
    ImmutableFeatureMap features = examples.getFeatureIDMap();
    ImmutableOutputInfo<Label> labels = examples.getOutputIDInfo();
    ModelProvenance provenance =
        new ModelProvenance(
            SubBitModel.class.getName(),
            OffsetDateTime.now(),
            examples.getProvenance(),
            trainerProvenance,
            runProvenance);
    PixelMap pixelMap =
        new PixelMap(features, new ImageShape(imageShape[0], imageShape[1], imageShape[2]));
    return new SubBitModel(
        modelName(), provenance, features, labels, train(examples, pixelMap, labels, localRng));
  }

  private void requireTrainable(Dataset<Label> examples) {
    if (examples.size() == 0) {
      throw new IllegalArgumentException("The dataset is empty");
    }
    if (examples.getOutputInfo().getUnknownCount() > 0) {
      throw new IllegalArgumentException(
          examples.getOutputInfo().getUnknownCount()
              + " examples of the dataset have an unknown output; training needs all labels");
    }
    if (examples.getOutputInfo().size() < 2) {
      throw new IllegalArgumentException(
          "The dataset has only the class "
              + examples.getOutputInfo().getDomain()
              + "; a classifier needs at least two");
    }
    if (examples.size() < batchSize) {
      throw new IllegalArgumentException(
          "batchSize is "
              + batchSize
              + ", but the dataset holds only "
              + examples.size()
              + " examples; set batchSize to at most that");
    }
  }

  private TrainedNetwork train(
      Dataset<Label> examples,
      PixelMap pixelMap,
      ImmutableOutputInfo<Label> labels,
      SplittableRandom localRng) {
    Network built = Networks.build(network, pixelMap.shape(), labels.size(), weights, activations);
    RandomPlace random = RandomPlace.of(localRng.nextLong());
    Map<String, float[]> initial = InitialParameters.draw(built, random.at("parameters").numbers());
    ImageBatches batches =
        ImageBatches.training(
            examples,
            pixelMap,
            labels,
            batchSize,
            new Augmentation(flip, maxShift),
            random.at("batches"),
            threads);
    TrainingPlan plan =
        new TrainingPlan(
            tau,
            batchSize,
            Math.multiplyExact(epochs, batches.count()),
            (float) learningRate,
            (float) weightDecay,
            refineInterval,
            (float) refineRate,
            threads,
            random.at("engine").numbers().nextLong());
    try (TrainingRun run = TrainingEngine.load().start(built, plan, initial);
        TrainingProgress progress = progress((long) plan.steps() * batchSize)) {
      new TrainingLoop(batches, epochs, listeners).train(run, progress);
      return run.network();
    }
  }

  private TrainingProgress progress(long images) {
    return showProgress && System.console() != null
        ? TrainingProgress.shown(modelName(), images)
        : TrainingProgress.hidden();
  }

  private String modelName() {
    return network + "-" + (weights == Layer.Weights.FLOAT ? "float" : "tau" + tau);
  }

  @Override
  public synchronized int getInvocationCount() {
    return invocationCount;
  }

  @Override
  public synchronized void setInvocationCount(int invocationCount) {
    if (invocationCount < 0) {
      throw new IllegalArgumentException("The invocation count is " + invocationCount);
    }
    rng = new SplittableRandom(seed);
    for (this.invocationCount = 0; this.invocationCount < invocationCount; this.invocationCount++) {
      rng.split();
    }
  }

  @Override
  public TrainerProvenance getProvenance() {
    return new TrainerProvenanceImpl(this);
  }

  @Override
  public String toString() {
    return "SubBitTrainer(network="
        + network
        + ",imageShape="
        + Arrays.toString(imageShape)
        + ",tau="
        + tau
        + ",weights="
        + weights
        + ",activations="
        + activations
        + ",epochs="
        + epochs
        + ",batchSize="
        + batchSize
        + ",learningRate="
        + learningRate
        + ",weightDecay="
        + weightDecay
        + ",refineInterval="
        + refineInterval
        + ",refineRate="
        + refineRate
        + ",flip="
        + flip
        + ",maxShift="
        + maxShift
        + ",seed="
        + seed
        + ",threads="
        + threads
        + ")";
  }

  /**
   * Starts building a trainer in code.
   *
   * @param imageShape the shape of the images.
   * @return a builder, with every other field at the default of the configuration.
   */
  public static Builder builder(ImageShape imageShape) {
    return new Builder(imageShape);
  }

  /** Builds trainers in code; every method sets the field of the configuration of that name. */
  public static final class Builder {

    private final SubBitTrainer trainer = new SubBitTrainer();

    private Builder(ImageShape imageShape) {
      trainer.imageShape =
          new int[] {imageShape.channels(), imageShape.height(), imageShape.width()};
    }

    private SubBitTrainer open() {
      if (trainer.rng != null) {
        throw new IllegalStateException("This builder has built its trainer; start another");
      }
      return trainer;
    }

    /**
     * The network.
     *
     * @param network one of {@link Networks#names()}.
     * @return this.
     */
    public Builder network(String network) {
      open().network = network;
      return this;
    }

    /**
     * Bits of a codebook index.
     *
     * @param tau 1 to 9.
     * @return this.
     */
    public Builder tau(int tau) {
      open().tau = tau;
      return this;
    }

    /**
     * How the 3x3 convolutions hold their weights.
     *
     * @param weights the kind of weights.
     * @return this.
     */
    public Builder weights(Layer.Weights weights) {
      open().weights = weights;
      return this;
    }

    /**
     * What they make of their input.
     *
     * @param activations the kind of activations.
     * @return this.
     */
    public Builder activations(Layer.Activations activations) {
      open().activations = activations;
      return this;
    }

    /**
     * Passes over the data.
     *
     * @param epochs 1 and more.
     * @return this.
     */
    public Builder epochs(int epochs) {
      open().epochs = epochs;
      return this;
    }

    /**
     * Images in every step.
     *
     * @param batchSize 2 and more.
     * @return this.
     */
    public Builder batchSize(int batchSize) {
      open().batchSize = batchSize;
      return this;
    }

    /**
     * Adam's learning rate.
     *
     * @param learningRate positive.
     * @return this.
     */
    public Builder learningRate(double learningRate) {
      open().learningRate = learningRate;
      return this;
    }

    /**
     * L2 decay of the float weights.
     *
     * @param weightDecay 0 and more.
     * @return this.
     */
    public Builder weightDecay(double weightDecay) {
      open().weightDecay = weightDecay;
      return this;
    }

    /**
     * Augmentation.
     *
     * @param augmentation how training images are changed.
     * @return this.
     */
    public Builder augmentation(Augmentation augmentation) {
      open().flip = augmentation.flip();
      open().maxShift = augmentation.maxShift();
      return this;
    }

    /**
     * Seed of all random choices.
     *
     * @param seed any number.
     * @return this.
     */
    public Builder seed(long seed) {
      open().seed = seed;
      return this;
    }

    /**
     * Threads to train with.
     *
     * @param threads 0 for one a processor, or more.
     * @return this.
     */
    public Builder threads(int threads) {
      open().threads = threads;
      return this;
    }

    /**
     * Builds the trainer. The builder cannot be used again.
     *
     * @return the trainer.
     * @throws PropertyException if a field's value is not allowed, naming both.
     */
    public SubBitTrainer build() {
      open().postConfig();
      return trainer;
    }
  }
}

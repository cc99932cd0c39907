package dev.subbit.tribuo.training;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.data.ImageDataset;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.NetworkDescription;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.IntegerCalibration;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import dev.subbit.tribuo.training.internal.checkpoint.CheckpointFolder;
import dev.subbit.tribuo.training.internal.checkpoint.Fingerprint;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.loop.ModelSelection;
import dev.subbit.tribuo.training.internal.loop.RangeTest;
import dev.subbit.tribuo.training.internal.loop.TrainingCheckpoints;
import dev.subbit.tribuo.training.internal.loop.TrainingFingerprint;
import dev.subbit.tribuo.training.internal.loop.TrainingLoop;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.metrics.LearningRateRange;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStoppedException;
import dev.subbit.tribuo.training.recipe.Augmentation;
import dev.subbit.tribuo.training.recipe.ClassWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.tribuo.Dataset;
import org.tribuo.ImmutableFeatureMap;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.provenance.ModelProvenance;
import org.tribuo.provenance.TrainerProvenance;
import org.tribuo.provenance.impl.TrainerProvenanceImpl;

/**
 * Trains image classifiers whose 3x3 convolutions cost tau / 9 bit per weight. It also trains float
 * and plain binary (tau = 9) networks.
 *
 * <p>Configured by OLCUT, or in code by a {@link SubBitTrainerBuilder}. Training needs TensorFlow
 * on the classpath; prediction with the model does not. One configuration, one dataset and one
 * number of threads give the same model to the bit on one machine; on a GPU, where the environment
 * variable {@code TF_DETERMINISTIC_OPS} is 1. TensorFlow takes the number of threads from the first
 * training in a JVM; a later one with another number is refused. The loss of an image is multiplied
 * by the weight of its example.
 *
 * <p>Trainers are safe for use by many threads; two trainings at once share the machine.
 *
 * <p>Source: Wang et al., "Sub-bit Neural Networks", ICCV 2021.
 */
public final class SubBitTrainer extends RecipeFields implements Trainer<Label> {

  private static final int FLOAT_EPOCHS_BY_START = -1;

  private static final String DEFAULT_NETWORK = "resnet20";

  @Config(
      description =
          "The network: resnet8, resnet14, resnet20, resnet32, resnet56, resnet18, resnet34 or"
              + " vgg-small; resnet20 if there is no architecture either. resnet18 and resnet34"
              + " halve images of more than 64 rows or columns twice at once, by a 7x7 convolution"
              + " and a max pooling.")
  String network = null;

  @Config(description = "A network of your own, in place of a named one.")
  NetworkDescription architecture = null;

  @Config(
      description =
          "A saved model whose weights training starts from; without one they are drawn at random.")
  InitialModel initialModel = null;

  @Config(mandatory = true, description = "Shape of the images: channels, height, width.")
  int[] imageShape;

  @Config(description = "Activations that these convolutions read: REAL or BINARY.")
  Layer.Activations activations = Layer.Activations.REAL;

  @Config(
      description =
          "The stages of the training, one after the other: what is different in each. What a stage"
              + " does not set is as here. None for one stage, or two with floatEpochs.")
  List<StageRecipe> stages = List.of();

  @Config(
      description =
          "Passes with float weights, before those with sub-bit weights, which start from them. -1"
              + " for one in ten of the epochs, from four on, where codebooks start from the"
              + " kernels and there is no initialModel.")
  int floatEpochs = FLOAT_EPOCHS_BY_START;

  @Config(
      description =
          "How many of the last epochs compute as the network's integer form does; the model has"
              + " that form then. For binary activations with sub-bit weights. 0 for none.")
  int integerEpochs = 0;

  @Config(description = "Bits of an activation in the integer form, 9 to 16; devices take 12.")
  int integerWidth = 16;

  @Config(description = "How codewords are selected: FIXED, REFINED or PERMUTATION.")
  Selection selection = Selection.FIXED;

  @Config(
      description =
          "Codewords of the first step: RANDOM; HISTOGRAM, the most frequent signs of the kernels;"
              + " or CLUSTERED, those that the kernels lie nearest to.")
  CodebookStart codebookStart = CodebookStart.CLUSTERED;

  @Config(description = "How kernels choose codewords: NEAREST, or SCALED against outliers.")
  Assignment assignment = Assignment.NEAREST;

  @Config(description = "The codebooks are refined at every n-th step; this is n.")
  int refineInterval = 25;

  @Config(description = "Learning rate of the codebooks at the first step.")
  double refineRate = 0.02;

  @Config(
      description =
          "How much the images of each class count in the loss; all alike where left out. The"
              + " weights of examples count in any case.")
  ClassWeights classWeights = null;

  @Config(description = "Seed of all random choices.")
  long seed = Trainer.DEFAULT_SEED;

  @Config(description = "Threads to train with; 0 takes one per processor.")
  int threads = 0;

  @Config(
      description =
          "What to train on: CPU; GPU, the first that TensorFlow finds; or AUTO for a GPU where there"
              + " is one and else the CPU.")
  TrainingDevice device = TrainingDevice.CPU;

  @Config(
      description =
          "Numbers that the convolutions of a step compute with: FLOAT32 or BFLOAT16. All else,"
              + " weights and optimiser included, is in float32.")
  Precision precision = Precision.FLOAT32;

  @Config(
      description =
          "Share of the images, of every class alike, that is not trained on: the network is"
              + " evaluated on it at every epoch's end. 0 for none.")
  double validationShare = 0;

  @Config(
      description =
          "With validation images: the model is the network of the epoch that was best on them,"
              + " not that of the last.")
  boolean keepBest = true;

  @Config(
      description =
          "Epochs without a better accuracy on the validation images after which training ends; 0"
              + " never ends it. The learning rate falls over all epochs whether they come or not.")
  int patience = 0;

  @Config(
      description =
          "Folder for the checkpoint that an interrupted training is resumed from; none for no"
              + " checkpoints.")
  Path checkpointFolder = null;

  @Config(
      description =
          "Seconds from one checkpoint to the next; one is also written at every epoch's end. 0"
              + " for one after every step.")
  double checkpointSeconds = 300;

  private final List<TrainingListener> listeners = new CopyOnWriteArrayList<>();

  // Null where trainings have this process only.
  private TrainingCluster cluster;

  private final AtomicInteger stops = new AtomicInteger();

  private SplittableRandom rng;
  private int invocationCount;

  /** For OLCUT and the builder, which fill in the configured fields. */
  SubBitTrainer() {
    weights = Layer.Weights.SUB_BIT;
    tau = 5;
    epochs = 10;
    batchSize = 32;
    optimiser = Optimiser.ADAM;
    schedule = Schedule.LINEAR;
    warmupEpochs = 0.0;
    restarts = 0;
    learningRate = 0.01;
    momentum = 0.9;
    weightDecay = 1e-4;
    labelSmoothing = 0.0;
    gradientClip = 0.0;
    distillationWeight = 1.0;
    temperature = 1.0;
    averageDecay = 0.0;
    augmentation = Augmentation.none();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if a field's value is not allowed, naming both.
   */
  @Override
  public synchronized void postConfig() {
    FieldCheck check = new FieldCheck("SubBitTrainer");
    check.require(
        network == null || architecture == null,
        "network",
        network,
        "no name beside an architecture, which is '" + architecture + "'");
    if (network == null && architecture == null) {
      // Named here, so that the provenance holds it.
      network = DEFAULT_NETWORK;
    }
    if (network != null) {
      check.oneOf("network", network, Networks.names());
    }
    check.require(
        imageShape != null
            && imageShape.length == 3
            && Arrays.stream(imageShape).min().getAsInt() > 0,
        "imageShape",
        Arrays.toString(imageShape),
        "three positive numbers: channels, height, width");
    check(check);
    check.atLeast("floatEpochs", floatEpochs, FLOAT_EPOCHS_BY_START);
    completeStages(check);
    StageRecipe last = lastStage();
    check.between("integerEpochs", integerEpochs, 0, last.epochs - 1);
    check.require(
        integerEpochs == 0
            || (last.weights == Layer.Weights.SUB_BIT && activations == Layer.Activations.BINARY),
        "integerEpochs",
        integerEpochs,
        "0 unless weights is SUB_BIT and activations is BINARY");
    check.between("integerWidth", integerWidth, IntegerForm.MIN_WIDTH, IntegerForm.MAX_WIDTH);
    check.atLeast("refineInterval", refineInterval, 1);
    check.positive("refineRate", refineRate);
    allStages().forEach(stage -> stage.checkComplete(check, shape()));
    requireFittingLayers(check);
    check.share("validationShare", validationShare);
    check.atLeast("patience", patience, 0);
    check.require(
        patience == 0 || validationShare > 0,
        "patience",
        patience,
        "0 where validationShare is 0: without validation images no epoch is better");
    check.notNegative("checkpointSeconds", checkpointSeconds);
    check.require(threads >= 0, "threads", threads, "0 (one a processor) and more");
    if (threads == 0) {
      // Resolved here, so that the provenance holds the number that the result depends on.
      threads = Math.min(Runtime.getRuntime().availableProcessors(), smallestBatch());
    }
    rng = new SplittableRandom(seed);
  }

  /**
   * Sets what stages do not say. It is done here, so that the provenance holds what the result
   * depends on.
   */
  private void completeStages(FieldCheck check) {
    if (floatEpochs == FLOAT_EPOCHS_BY_START) {
      floatEpochs =
          stages.isEmpty() && initialModel == null && startsFromKernels() ? (epochs + 6) / 10 : 0;
    }
    check.require(
        stages.isEmpty() || floatEpochs == 0,
        "floatEpochs",
        floatEpochs,
        "0 where there are stages; make the epochs with float weights a stage");
    stages = stages.stream().map(stage -> stage.over(this)).toList();
  }

  /** The stages of the configuration, or those that its short form stands for. */
  List<StageRecipe> allStages() {
    if (!stages.isEmpty()) {
      return stages;
    }
    StageRecipe own = new StageRecipe().over(this);
    if (floatEpochs == 0) {
      return List.of(own);
    }
    StageRecipe floats =
        StageRecipe.builder().weights(Layer.Weights.FLOAT).epochs(floatEpochs).build();
    return List.of(floats.over(this), own);
  }

  /** The stage that makes the model. */
  StageRecipe lastStage() {
    List<StageRecipe> all = allStages();
    return all.get(all.size() - 1);
  }

  private int smallestBatch() {
    return allStages().stream().mapToInt(stage -> stage.batchSize).min().orElseThrow();
  }

  private int largestBatch() {
    return allStages().stream().mapToInt(stage -> stage.batchSize).max().orElseThrow();
  }

  /**
   * Adds a listener. Listeners are not part of the configuration.
   *
   * @param listener receives the steps and epochs of every later training.
   */
  public void addListener(TrainingListener listener) {
    listeners.add(listener);
  }

  /**
   * Makes every later training together with other processes, each of which has a trainer of the
   * same configuration and the same examples. Each works on its slice of every batch, so that
   * {@code batchSize} counts the images of all. All end with the same model to the bit; checkpoints
   * are read and written in the process of rank 0 only, and all go on from its checkpoint. A
   * training can go on in another number of processes, with other bits then. Not part of the
   * configuration.
   *
   * @param processes the processes.
   * @throws IllegalArgumentException if the images of a batch cannot be shared evenly.
   */
  public synchronized void trainOn(TrainingCluster processes) {
    for (StageRecipe stage : allStages()) {
      if (stage.batchSize % processes.size() != 0) {
        throw new IllegalArgumentException(
            "batchSize is "
                + stage.batchSize
                + ", which "
                + processes.size()
                + " processes cannot share evenly; set it to a multiple of "
                + processes.size());
      }
    }
    cluster = processes;
  }

  private synchronized boolean isFirst() {
    return cluster == null || cluster.rank() == 0;
  }

  /**
   * What trainings compute on.
   *
   * @return what the configuration says, or what it was settled on.
   */
  public synchronized TrainingDevice device() {
    return device;
  }

  /**
   * Settles what trainings compute on: where {@code device} is {@code AUTO}, it becomes what there
   * is, so that the provenance says what a model was trained on. Every training does this first; a
   * program may do it before it reads any images.
   *
   * @return {@code CPU} or {@code GPU}.
   * @throws IllegalStateException if {@code device} is {@code GPU} and there is none, saying what
   *     to do; or if it is not {@code CPU} and TensorFlow is missing.
   */
  public synchronized TrainingDevice settleDevice() {
    if (device != TrainingDevice.CPU) {
      device = localEngine().device();
    }
    return device;
  }

  private synchronized TrainingEngine localEngine() {
    return TrainingEngine.load().on(device, threads);
  }

  /** The engine of a training, to be closed by the caller. */
  private TrainingEngine engine() {
    TrainingEngine engine = localEngine();
    TrainingCluster processes;
    synchronized (this) {
      processes = cluster;
    }
    return processes == null ? engine : engine.join(processes, threads);
  }

  /**
   * Stops every training of this trainer that is under way: after its current step it writes a
   * checkpoint, if it keeps any, and {@code train} throws a {@link TrainingStoppedException}. A
   * training that has made its last step ends as it would have. Returns at once; may be called from
   * any thread.
   */
  public void stop() {
    stops.incrementAndGet();
  }

  /**
   * The folder in which trainings keep their checkpoint.
   *
   * @return the folder of the configuration; empty if they keep none.
   */
  public Optional<Path> checkpointFolder() {
    return Optional.ofNullable(checkpointFolder);
  }

  /**
   * Deletes the checkpoint that the next training would go on from, to be called once the model is
   * saved. Does nothing where the trainer keeps none.
   *
   * @throws IOException if the file cannot be deleted, or another training uses the folder.
   */
  public void deleteCheckpoint() throws IOException {
    if (checkpointFolder != null && isFirst()) {
      try (CheckpointFolder folder = CheckpointFolder.open(checkpointFolder)) {
        folder.delete();
      }
    }
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
   * Trains a model. Where the configuration has a {@code checkpointFolder}, and it holds a
   * checkpoint of this training (the same configuration, data and invocation), the training goes on
   * from it, and gives the same model to the bit as an uninterrupted training; if it was over, the
   * model is returned at once. The checkpoint stays when the training is over.
   *
   * @param examples the training images, each pixel a feature named by its position.
   * @param runProvenance provenance of this run.
   * @param invocationCount the state to set the trainer's random numbers to before, or {@link
   *     #INCREMENT_INVOCATION_COUNT} to go on from where they are.
   * @return the model.
   * @throws IllegalArgumentException if the dataset cannot be trained on: empty, of one class only,
   *     with unknown outputs, smaller than a batch, or with features that are not pixels of the
   *     configured image shape; or if the initial model has other layers than the network.
   * @throws IllegalStateException if TensorFlow is missing, or there is no GPU and {@code device}
   *     asks for one; if an earlier training in this JVM had another number of threads, or training
   *     diverges; if another process of a cluster is lost or was given another training; if {@code
   *     checkpointFolder} cannot be written to, is in use by another training, or holds a
   *     checkpoint that is damaged or that of another training.
   * @throws TrainingStoppedException if {@link #stop()} was called.
   */
  @Override
  public SubBitModel train(
      Dataset<Label> examples, Map<String, Provenance> runProvenance, int invocationCount) {
    int stopsBefore = stops.get();
    requireTrainable(examples);
    settleDevice();
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
    PixelMap pixelMap = new PixelMap(features, shape());
    TrainedNetwork trained;
    try (TrainingCheckpoints checkpoints =
        checkpoints(trainerProvenance, examples, pixelMap, labels)) {
      trained =
          train(examples, pixelMap, RandomPlace.of(localRng.nextLong()), checkpoints, stopsBefore);
    }
    SubBitModel model = new SubBitModel(modelName(), provenance, features, labels, trained);
    return examples instanceof ImageDataset images
        ? model.withPreparation(images.preparation())
        : model;
  }

  private TrainingCheckpoints checkpoints(
      TrainerProvenance trainerProvenance,
      Dataset<Label> examples,
      PixelMap pixelMap,
      ImmutableOutputInfo<Label> labels) {
    boolean kept = checkpointFolder != null && isFirst();
    if (!kept && cluster == null) {
      return TrainingCheckpoints.none();
    }
    Fingerprint fingerprint = TrainingFingerprint.of(trainerProvenance, examples, pixelMap, labels);
    return kept
        ? TrainingCheckpoints.in(checkpointFolder, checkpointSeconds, fingerprint)
        : TrainingCheckpoints.elsewhere(fingerprint);
  }

  /**
   * Builds the network for two classes, so that what does not fit shows before the data are read.
   */
  private void requireFittingLayers(FieldCheck check) {
    try {
      allStages().forEach(stage -> description().build(shape(), 2, stage.weights, activations));
    } catch (IllegalArgumentException | ArithmeticException e) {
      check.require(
          false,
          architecture == null ? "network" : "architecture",
          description().name(),
          "networks that fit images of " + shape() + ". " + e.getMessage());
    }
  }

  /** Whether there are codebooks, and they are chosen by the kernels of the first step. */
  private boolean startsFromKernels() {
    return weights == Layer.Weights.SUB_BIT
        && tau < Codebook.MAX_TAU
        && codebookStart != CodebookStart.RANDOM;
  }

  /** The shape of the images. */
  ImageShape shape() {
    return new ImageShape(imageShape[0], imageShape[1], imageShape[2]);
  }

  private void requireTrainable(Dataset<Label> examples) {
    if (examples.size() == 0) {
      throw new IllegalArgumentException("The dataset is empty");
    }
    if (examples instanceof ImageDataset images && !images.imageShape().equals(shape())) {
      throw new IllegalArgumentException(
          "imageShape is "
              + shape()
              + ", but the images of "
              + images.getSourceDescription()
              + " have the shape "
              + images.imageShape());
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
    requireBatch(examples);
  }

  /**
   * Checks that there are images enough.
   *
   * @throws IllegalArgumentException if they do not fill the largest batch of a stage.
   */
  void requireBatch(Dataset<Label> training) {
    int largest = largestBatch();
    if (training.size() < largest) {
      throw new IllegalArgumentException(
          "batchSize is "
              + largest
              + ", but the dataset holds only "
              + training.size()
              + " examples"
              + (validationShare > 0 ? " to train on" : "")
              + "; set batchSize to at most that");
    }
  }

  private TrainedNetwork train(
      Dataset<Label> examples,
      PixelMap pixelMap,
      RandomPlace random,
      TrainingCheckpoints checkpoints,
      int stopsBefore) {
    try (PreparedTraining prepared = new PreparedTraining(this, examples, pixelMap, random)) {
      TrainingLoop loop =
          new TrainingLoop(
              prepared.stages(),
              new ModelSelection(prepared.validation(), keepBest, patience),
              checkpoints,
              listeners,
              () -> stops.get() != stopsBefore);
      TrainedNetwork trained;
      try (TrainingEngine engine = engine()) {
        trained = loop.train(engine, prepared.initial());
      }
      return integerEpochs == 0
          ? trained
          : IntegerCalibration.keepOrChoose(trained, prepared.images(), pixelMap);
    }
  }

  /**
   * Tries learning rates: trains the first stage with a rate that grows from step to step, until
   * the loss explodes. Nothing of it is kept, and later trainings are as if it had not been. The
   * configured rates and epochs do not matter.
   *
   * @param examples the training images.
   * @return the losses, and the rates to choose between.
   * @throws IllegalArgumentException if the dataset cannot be trained on.
   * @throws IllegalStateException if TensorFlow is missing, or there is no GPU and {@code device}
   *     asks for one; or if the loss of the first step is not a number.
   */
  public LearningRateRange findLearningRate(Dataset<Label> examples) {
    requireTrainable(examples);
    settleDevice();
    PixelMap pixelMap = new PixelMap(examples.getFeatureIDMap(), shape());
    RandomPlace random = RandomPlace.of(new SplittableRandom(seed).split().nextLong());
    try (PreparedTraining prepared = new PreparedTraining(this, examples, pixelMap, random)) {
      return RangeTest.run(localEngine(), prepared.stages().get(0), prepared.initial());
    }
  }

  /** The network, named or of the user's own. */
  NetworkDescription description() {
    return architecture == null ? Networks.description(network) : architecture;
  }

  private String modelName() {
    StageRecipe last = lastStage();
    return description().name()
        + "-"
        + (last.weights == Layer.Weights.FLOAT ? "float" : "tau" + last.tau);
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
    return "SubBitTrainer" + new TreeMap<>(getProvenance().getConfiguredParameters());
  }

  /**
   * Starts building a trainer in code.
   *
   * @param imageShape the shape of the images.
   * @return a builder, with every other field at the default of the configuration.
   */
  public static SubBitTrainerBuilder builder(ImageShape imageShape) {
    return new SubBitTrainerBuilder(imageShape);
  }
}

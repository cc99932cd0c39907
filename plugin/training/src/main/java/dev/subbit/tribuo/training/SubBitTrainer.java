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
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkDescription;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.IntegerCalibration;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.internal.batches.ImageBatches;
import dev.subbit.tribuo.training.internal.checkpoint.CheckpointFolder;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingStage;
import dev.subbit.tribuo.training.internal.loop.ModelSelection;
import dev.subbit.tribuo.training.internal.loop.TrainingCheckpoints;
import dev.subbit.tribuo.training.internal.loop.TrainingFingerprint;
import dev.subbit.tribuo.training.internal.loop.TrainingLoop;
import dev.subbit.tribuo.training.internal.loop.ValidationSplit;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStoppedException;
import dev.subbit.tribuo.training.recipe.Augmentation;
import dev.subbit.tribuo.training.teacher.Teacher;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.io.IOException;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;
import java.util.logging.Logger;
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
 * number of threads give the same model to the bit on one machine. TensorFlow takes the number of
 * threads from the first training in a JVM; a later one with another number is refused. Example
 * weights are not used.
 *
 * <p>Trainers are safe for use by many threads; two trainings at once share the machine.
 *
 * <p>Source: Wang et al., "Sub-bit Neural Networks", ICCV 2021.
 */
public final class SubBitTrainer implements Trainer<Label> {

  private static final Logger logger = Logger.getLogger(SubBitTrainer.class.getName());

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

  @Config(description = "Bits of a codebook index, 1 to 9; a weight costs tau / 9 bit.")
  int tau = 5;

  @Config(description = "Weights of the 3x3 convolutions after the first: SUB_BIT or FLOAT.")
  Layer.Weights weights = Layer.Weights.SUB_BIT;

  @Config(description = "Activations that these convolutions read: REAL or BINARY.")
  Layer.Activations activations = Layer.Activations.REAL;

  @Config(description = "Passes over the data.")
  int epochs = 10;

  @Config(
      description =
          "Passes with float weights, before those with sub-bit weights, which start from them. -1"
              + " for one in ten of the epochs, from four on, where codebooks start from the kernels"
              + " and there is no initialModel.")
  int floatEpochs = FLOAT_EPOCHS_BY_START;

  @Config(
      description =
          "How many of the last epochs compute as the network's integer form does; the model has"
              + " that form then. For binary activations with sub-bit weights. 0 for none.")
  int integerEpochs = 0;

  @Config(description = "Bits of an activation in the integer form, 9 to 16; devices take 12.")
  int integerWidth = 16;

  @Config(description = "Images per step, at least 2.")
  int batchSize = 32;

  @Config(description = "How a gradient becomes a step: ADAM, or SGD with Nesterov momentum.")
  Optimiser optimiser = Optimiser.ADAM;

  @Config(description = "How the learning rates fall to 0: LINEAR or COSINE.")
  Schedule schedule = Schedule.LINEAR;

  @Config(description = "Learning rate at the first step.")
  double learningRate = 0.01;

  @Config(description = "Nesterov momentum of SGD, 0 up to but not 1.")
  double momentum = 0.9;

  @Config(description = "L2 decay of the float weights.")
  double weightDecay = 1e-4;

  @Config(description = "Share of every target that is spread over all classes.")
  double labelSmoothing = 0;

  @Config(description = "Largest L2 norm of all gradients together; 0 sets no limit.")
  double gradientClip = 0;

  @Config(
      description =
          "A model that the network also learns from; without one it learns from the labels alone.")
  Teacher teacher = null;

  @Config(description = "Share of the teacher in the loss, 0 to 1.")
  double distillationWeight = 1;

  @Config(description = "Logits are divided by this where they are compared with the teacher's.")
  double temperature = 1;

  @Config(description = "How codewords are selected: FIXED, REFINED or PERMUTATION.")
  Selection selection = Selection.FIXED;

  @Config(
      description =
          "Codewords of the first step: RANDOM; HISTOGRAM, the most frequent signs of the kernels;"
              + " or CLUSTERED, those that the kernels lie nearest to.")
  CodebookStart codebookStart = CodebookStart.HISTOGRAM;

  @Config(description = "How kernels choose codewords: NEAREST, or SCALED against outliers.")
  Assignment assignment = Assignment.NEAREST;

  @Config(description = "The codebooks are refined at every n-th step; this is n.")
  int refineInterval = 25;

  @Config(description = "Learning rate of the codebooks at the first step.")
  double refineRate = 0.02;

  @Config(description = "Random changes of the training images.")
  Augmentation augmentation = Augmentation.none();

  @Config(description = "Seed of all random choices.")
  long seed = Trainer.DEFAULT_SEED;

  @Config(description = "Threads to train with; 0 takes one per processor.")
  int threads = 0;

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

  private final AtomicInteger stops = new AtomicInteger();

  private SplittableRandom rng;
  private int invocationCount;

  /** For OLCUT and the builder, which fill in the configured fields. */
  SubBitTrainer() {}

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
    check.between("tau", tau, 1, Codebook.MAX_TAU);
    check.atLeast("epochs", epochs, 1);
    check.atLeast("floatEpochs", floatEpochs, FLOAT_EPOCHS_BY_START);
    if (floatEpochs == FLOAT_EPOCHS_BY_START) {
      floatEpochs = startsFromKernels() && initialModel == null ? (epochs + 6) / 10 : 0;
    }
    check.between("integerEpochs", integerEpochs, 0, epochs - 1);
    check.require(
        integerEpochs == 0
            || (weights == Layer.Weights.SUB_BIT && activations == Layer.Activations.BINARY),
        "integerEpochs",
        integerEpochs,
        "0 unless weights is SUB_BIT and activations is BINARY");
    check.between("integerWidth", integerWidth, IntegerForm.MIN_WIDTH, IntegerForm.MAX_WIDTH);
    check.atLeast("batchSize", batchSize, 2);
    check.positive("learningRate", learningRate);
    check.share("momentum", momentum);
    check.notNegative("weightDecay", weightDecay);
    check.share("labelSmoothing", labelSmoothing);
    check.notNegative("gradientClip", gradientClip);
    check.require(
        distillationWeight >= 0 && distillationWeight <= 1,
        "distillationWeight",
        distillationWeight,
        "0 to 1");
    check.positive("temperature", temperature);
    check.atLeast("refineInterval", refineInterval, 1);
    check.positive("refineRate", refineRate);
    check.require(augmentation != null, "augmentation", null, "an Augmentation, or left out");
    augmentation.requireFits(shape());
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
      threads = Math.min(Runtime.getRuntime().availableProcessors(), batchSize);
    }
    rng = new SplittableRandom(seed);
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
    if (checkpointFolder != null) {
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
   * @throws IllegalStateException if TensorFlow is missing, an earlier training in this JVM had
   *     another number of threads, or training diverges; if {@code checkpointFolder} cannot be
   *     written to, is in use by another training, or holds a checkpoint that is damaged or that of
   *     another training.
   * @throws TrainingStoppedException if {@link #stop()} was called.
   */
  @Override
  public SubBitModel train(
      Dataset<Label> examples, Map<String, Provenance> runProvenance, int invocationCount) {
    int stopsBefore = stops.get();
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
    PixelMap pixelMap = new PixelMap(features, shape());
    TrainedNetwork trained;
    try (TrainingCheckpoints checkpoints =
        checkpoints(trainerProvenance, examples, pixelMap, labels)) {
      trained =
          train(
              examples,
              pixelMap,
              labels,
              RandomPlace.of(localRng.nextLong()),
              checkpoints,
              stopsBefore);
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
    return checkpointFolder == null
        ? TrainingCheckpoints.none()
        : TrainingCheckpoints.in(
            checkpointFolder,
            checkpointSeconds,
            TrainingFingerprint.of(trainerProvenance, examples, pixelMap, labels));
  }

  /**
   * Builds the network for two classes, so that what does not fit shows before the data are read.
   */
  private void requireFittingLayers(FieldCheck check) {
    try {
      description().build(shape(), 2, weights, activations);
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

  private ImageShape shape() {
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
    long weighted = examples.getData().stream().filter(e -> e.getWeight() != 1).count();
    if (weighted > 0) {
      logger.warning(() -> "Example weights are not used; " + weighted + " examples have some");
    }
    requireBatch(examples);
  }

  private void requireBatch(Dataset<Label> training) {
    if (training.size() < batchSize) {
      throw new IllegalArgumentException(
          "batchSize is "
              + batchSize
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
      ImmutableOutputInfo<Label> labels,
      RandomPlace random,
      TrainingCheckpoints checkpoints,
      int stopsBefore) {
    Dataset<Label> training = examples;
    ImageBatches validation = null;
    if (validationShare > 0) {
      ValidationSplit split =
          ValidationSplit.draw(
              examples,
              examples.getFeatureIDMap(),
              labels,
              validationShare,
              random.at("validation"));
      training = split.training();
      requireBatch(training);
      validation =
          ImageBatches.evaluation(split.validation(), pixelMap, labels, batchSize, threads);
    }
    ImageBatches batches =
        ImageBatches.training(
            training, pixelMap, labels, batchSize, augmentation, random.at("batches"), threads);
    try (TeacherSession session =
        teacher == null ? null : teacher.open(pixelMap.shape(), labels, threads)) {
      Dataset<Label> calibration = training;
      List<TrainingStage> stages =
          stages(
              pixelMap.shape(),
              labels.size(),
              batches.count(),
              session,
              random,
              network ->
                  IntegerCalibration.choose(network, calibration, pixelMap, integerWidth)
                      .fractionBits());
      Network first = stages.get(0).network();
      Map<String, float[]> initial =
          InitialParameters.draw(first, random.at("parameters").numbers());
      if (initialModel != null) {
        Set<String> frozen = initialModel.frozen(first, initial.keySet());
        stages.replaceAll(stage -> stage.freezing(frozen));
        initial = initialModel.startOf(first, tau, labels, initial);
      }
      TrainingLoop loop =
          new TrainingLoop(
              batches,
              stages,
              new ModelSelection(validation, keepBest, patience),
              checkpoints,
              listeners,
              () -> stops.get() != stopsBefore);
      TrainedNetwork trained = loop.train(initial);
      return integerEpochs == 0
          ? trained
          : IntegerCalibration.keepOrChoose(trained, calibration, pixelMap);
    }
  }

  /**
   * A stage with float weights, if there is one, the stage that makes the model, and a stage that
   * finishes it in integers, if there is one.
   */
  private List<TrainingStage> stages(
      ImageShape shape,
      int classes,
      int batches,
      TeacherSession session,
      RandomPlace random,
      ToIntFunction<TrainedNetwork> fractionBits) {
    List<TrainingStage> stages = new ArrayList<>();
    if (floatEpochs > 0) {
      Network floats = description().build(shape, classes, Layer.Weights.FLOAT, activations);
      int steps = Math.multiplyExact(floatEpochs, batches);
      stages.add(new TrainingStage(floats, plan(steps, 0, 0, 0, random), floatEpochs, session));
    }
    Network built = description().build(shape, classes, weights, activations);
    int first = Math.multiplyExact(epochs - integerEpochs, batches);
    int last = Math.multiplyExact(integerEpochs, batches);
    stages.add(
        new TrainingStage(built, plan(first, 0, last, 0, random), epochs - integerEpochs, session));
    if (integerEpochs > 0) {
      TrainingPlan integers = plan(last, first, 0, integerWidth, random);
      stages.add(
          new TrainingStage(built, integers, integerEpochs, session, fractionBits, Set.of()));
    }
    return stages;
  }

  private TrainingPlan plan(int steps, int before, int after, int width, RandomPlace random) {
    Recipe recipe =
        new Recipe(
            optimiser,
            schedule,
            (float) learningRate,
            (float) momentum,
            (float) weightDecay,
            (float) labelSmoothing,
            (float) gradientClip,
            teacher == null ? 0 : (float) distillationWeight,
            (float) temperature);
    CodebookPlan codebooks =
        new CodebookPlan(
            tau, selection, codebookStart, assignment, refineInterval, (float) refineRate);
    long seed = random.at("engine").numbers().nextLong();
    return new TrainingPlan(steps, before, after, recipe, codebooks, width, threads, seed);
  }

  private NetworkDescription description() {
    return architecture == null ? Networks.description(network) : architecture;
  }

  private String modelName() {
    return description().name() + "-" + (weights == Layer.Weights.FLOAT ? "float" : "tau" + tau);
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

package dev.subbit.tribuo.training;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.IntegerCalibration;
import dev.subbit.tribuo.training.internal.batches.ImageBatches;
import dev.subbit.tribuo.training.internal.batches.ImageWeights;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingStage;
import dev.subbit.tribuo.training.internal.loop.ValidationSplit;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tribuo.Dataset;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * A training before its first step: what a trainer's configuration and a dataset come to. Its
 * teachers are open until it is closed.
 */
final class PreparedTraining implements AutoCloseable {

  private final SubBitTrainer trainer;
  private final PixelMap pixelMap;
  private final ImmutableOutputInfo<Label> labels;
  private final RandomPlace random;
  private final TeacherSessions teachers;
  private final Dataset<Label> images;
  // Null where there are none.
  private final ImageBatches validation;
  private final ImageWeights imageWeights;
  private final List<TrainingStage> stages;
  private final Map<String, float[]> initial;

  /**
   * Prepares a training.
   *
   * @param trainer the configuration, completed and checked.
   * @param examples the images to train on and, if the trainer wants some, to validate with.
   * @param pixelMap where their features lie in the image.
   * @param random the place that all random numbers are drawn from.
   * @throws IllegalArgumentException if too few images are left to train on, or a teacher or the
   *     initial model does not fit.
   */
  PreparedTraining(
      SubBitTrainer trainer, Dataset<Label> examples, PixelMap pixelMap, RandomPlace random) {
    this.trainer = trainer;
    this.pixelMap = pixelMap;
    this.labels = examples.getOutputIDInfo();
    this.random = random;
    if (trainer.validationShare > 0) {
      ValidationSplit split =
          ValidationSplit.draw(
              examples,
              examples.getFeatureIDMap(),
              labels,
              trainer.validationShare,
              random.at("validation"));
      this.images = split.training();
      trainer.requireBatch(images);
      this.validation =
          ImageBatches.evaluation(
              split.validation(), pixelMap, labels, trainer.lastStage().batchSize, trainer.threads);
    } else {
      this.images = examples;
      this.validation = null;
    }
    this.imageWeights = ImageWeights.of(images, labels, trainer.classWeights);
    this.teachers = new TeacherSessions(pixelMap.shape(), labels, trainer.threads);
    try {
      List<TrainingStage> all = allStages();
      TrainingStage first = all.get(0);
      Map<String, float[]> drawn =
          InitialParameters.draw(first.network(), random.at("parameters").numbers());
      if (trainer.initialModel == null) {
        this.stages = all;
        this.initial = drawn;
      } else {
        InitialModel.Start start =
            trainer.initialModel.startOf(
                first.network(), first.plan().codebooks().tau(), labels, drawn);
        this.stages = all.stream().map(stage -> stage.at(start.rates())).toList();
        this.initial = start.parameters();
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** The images to train on. */
  Dataset<Label> images() {
    return images;
  }

  /** The images to validate with; null for none. */
  ImageBatches validation() {
    return validation;
  }

  /** All stages, in their order. */
  List<TrainingStage> stages() {
    return stages;
  }

  /** The parameters that the first stage starts from, by full name. */
  Map<String, float[]> initial() {
    return initial;
  }

  /** One stage for each of the configuration, and one that finishes the last in integers, if so. */
  private List<TrainingStage> allStages() {
    List<TrainingStage> made = new ArrayList<>();
    List<StageRecipe> all = trainer.allStages();
    for (StageRecipe stage : all) {
      Network network =
          trainer
              .description()
              .build(trainer.shape(), labels.size(), stage.weights, trainer.activations);
      ImageBatches batches = batches(stage);
      TeacherSession teacher = stage.distils() ? teachers.open(stage.teacher) : null;
      int inIntegers = stage == all.get(all.size() - 1) ? trainer.integerEpochs : 0;
      int inFloats = stage.epochs - inIntegers;
      int first = Math.multiplyExact(inFloats, batches.count());
      int last = Math.multiplyExact(inIntegers, batches.count());
      made.add(
          new TrainingStage(
              name(stage), batches, network, plan(stage, first, 0, last, 0), inFloats, teacher));
      if (inIntegers > 0) {
        made.add(
            new TrainingStage(
                "integers",
                batches,
                network,
                plan(stage, last, first, 0, trainer.integerWidth),
                inIntegers,
                teacher,
                this::fractionBits,
                LayerRates.EQUAL));
      }
    }
    return made;
  }

  private ImageBatches batches(StageRecipe stage) {
    return ImageBatches.training(
            images,
            pixelMap,
            labels,
            stage.batchSize,
            stage.augmentation,
            random.at("batches"),
            trainer.threads)
        .with(imageWeights, stage.mixing);
  }

  private int fractionBits(TrainedNetwork network) {
    return IntegerCalibration.choose(network, images, pixelMap, trainer.integerWidth)
        .fractionBits();
  }

  private TrainingPlan plan(StageRecipe stage, int steps, int before, int after, int width) {
    Recipe recipe =
        new Recipe(
            stage.optimiser,
            stage.rates(before + steps + after),
            stage.learningRate.floatValue(),
            stage.momentum.floatValue(),
            stage.weightDecay.floatValue(),
            stage.labelSmoothing.floatValue(),
            stage.gradientClip.floatValue(),
            stage.distils() ? stage.distillationWeight.floatValue() : 0,
            stage.temperature.floatValue(),
            stage.averageDecay.floatValue(),
            !imageWeights.areEven());
    CodebookPlan codebooks =
        new CodebookPlan(
            stage.tau,
            trainer.selection,
            trainer.codebookStart,
            trainer.assignment,
            trainer.refineInterval,
            (float) trainer.refineRate);
    long engineSeed = random.at("engine").numbers().nextLong();
    return new TrainingPlan(
        steps,
        before,
        after,
        recipe,
        codebooks,
        width,
        trainer.precision,
        trainer.threads,
        engineSeed);
  }

  private static String name(StageRecipe stage) {
    if (stage.weights == Layer.Weights.FLOAT) {
      return "float weights";
    }
    return stage.tau == Codebook.MAX_TAU ? "binary weights" : "sub-bit weights";
  }

  /** Closes the teachers. */
  @Override
  public void close() {
    teachers.close();
  }
}

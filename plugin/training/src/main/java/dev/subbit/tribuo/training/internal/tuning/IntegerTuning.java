package dev.subbit.tribuo.training.internal.tuning;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.codebook.CodebookTaps;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.IntegerCalibration;
import dev.subbit.tribuo.quantizer.TuningSettings;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.internal.batches.ImageBatches;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingStage;
import dev.subbit.tribuo.training.internal.loop.ModelSelection;
import dev.subbit.tribuo.training.internal.loop.TrainingCheckpoints;
import dev.subbit.tribuo.training.internal.loop.TrainingLoop;
import dev.subbit.tribuo.training.internal.loop.ValidationSplit;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.recipe.Augmentation;
import dev.subbit.tribuo.training.teacher.NetworkTeacherSession;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tribuo.Dataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/**
 * Trains a network in integers a little further, with its float form for a teacher. Training starts
 * from the network's own weights, as its latent ones; codebooks stay as they are. A tenth of the
 * images is held out: the best epoch on them is taken, and only if it puts more of them into the
 * right class than the network did before.
 */
final class IntegerTuning {

  /** Largest number of images in a step. */
  private static final int BATCH = 32;

  /** Share of the images that decides whether training helped. */
  private static final double HELD_OUT = 0.1;

  private final SubBitModel model;
  private final TrainedNetwork quantized;
  private final TuningSettings settings;

  /**
   * Prepares the tuning of one network.
   *
   * @param model the float model, whose labels and features the images have.
   * @param quantized its network with an integer form.
   * @param settings how to train.
   */
  IntegerTuning(SubBitModel model, TrainedNetwork quantized, TuningSettings settings) {
    this.model = model;
    this.quantized = quantized;
    this.settings = settings;
  }

  /**
   * Trains the network.
   *
   * @param images the images.
   * @return the tuned network, or the given one if it is as good.
   * @throws IllegalArgumentException if there are too few images to hold some out.
   * @throws IllegalStateException if TensorFlow is missing or training diverges.
   */
  TrainedNetwork tune(Dataset<Label> images) {
    RandomPlace random = RandomPlace.of(settings.seed());
    ValidationSplit split = split(images, random.at("validation"));
    TrainedNetwork trained = train(split, random);
    TrainedNetwork tuned =
        IntegerCalibration.keepOrChoose(trained, split.training(), model.pixels());
    return right(tuned, split.validation()) > right(quantized, split.validation())
        ? tuned
        : quantized;
  }

  private ValidationSplit split(Dataset<Label> images, RandomPlace random) {
    try {
      return ValidationSplit.draw(
          images, model.getFeatureIDMap(), model.getOutputIDInfo(), HELD_OUT, random);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "Tuning holds out a tenth of the images of each class, and "
              + images.size()
              + " images of "
              + model.getOutputIDInfo().size()
              + " classes are too few for that",
          e);
    }
  }

  private TrainedNetwork train(ValidationSplit split, RandomPlace random) {
    int batch = Math.min(BATCH, split.training().size());
    ImageBatches batches =
        ImageBatches.training(
            split.training(),
            model.pixels(),
            model.getOutputIDInfo(),
            batch,
            Augmentation.none(),
            random.at("batches"),
            settings.threads());
    ImageBatches validation =
        ImageBatches.evaluation(
            split.validation(), model.pixels(), model.getOutputIDInfo(), batch, settings.threads());
    TrainingPlan plan =
        plan(
            Math.multiplyExact(settings.epochs(), batches.count()),
            random.at("engine").numbers().nextLong());
    try (TeacherSession teacher =
        NetworkTeacherSession.of("of the tuning", model.network(), settings.threads())) {
      TrainingStage stage =
          new TrainingStage(
              "tuning", batches, quantized.network(), plan, settings.epochs(), teacher);
      return new TrainingLoop(
              List.of(stage),
              new ModelSelection(validation, true, 0),
              TrainingCheckpoints.none(),
              List.of(new TuningProgress(settings.progress())),
              () -> false)
          .train(start());
    }
  }

  /** The plan of some steps in the network's integer form. */
  TrainingPlan plan(int steps, long seed) {
    Recipe recipe =
        new Recipe(
            Optimiser.ADAM,
            Schedule.LINEAR,
            (float) settings.learningRate(),
            0,
            0,
            0,
            0,
            (float) settings.teacherShare(),
            1);
    int tau = quantized.packed().values().iterator().next().codebook().tau();
    CodebookPlan codebooks =
        new CodebookPlan(tau, Selection.FIXED, CodebookStart.RANDOM, Assignment.NEAREST, 1, 1);
    int width = quantized.integers().orElseThrow().width();
    return new TrainingPlan(
        steps, 0, 0, recipe, codebooks, width, Precision.FLOAT32, settings.threads(), seed);
  }

  /** The parameters with which the training starts as the network. */
  Map<String, float[]> start() {
    Map<String, float[]> parameters = new HashMap<>(quantized.floats());
    quantized
        .packed()
        .forEach(
            (node, weights) -> {
              float[] scale = weights.scale();
              for (int o = 0; o < scale.length; o++) {
                if (scale[o] < 0) {
                  // The scales of a training are positive, so the sign goes to what follows.
                  scale[o] = -scale[o];
                  negateInput(node, o, parameters);
                }
              }
              parameters.put(node + "/weight", weights.withScale(scale).toDense());
              parameters.put(node + TrainingEngine.CODEBOOK, CodebookTaps.of(weights.codebook()));
            });
    int fractionBits = quantized.integers().orElseThrow().fractionBits();
    parameters.put(TrainingEngine.FRACTION_BITS, new float[] {fractionBits});
    return parameters;
  }

  /** Makes the batch normalisation behind a convolution take negated values of a channel. */
  private void negateInput(String conv, int channel, Map<String, float[]> parameters) {
    Network.Node norm =
        quantized
            .network()
            .readers()
            .only(conv, Layer.BatchNorm.class)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "Node '"
                            + conv
                            + "' has a negative scale and no batch normalisation behind it, so it"
                            + " cannot be trained further"));
    for (String parameter : List.of("/gamma", "/mean")) {
      float[] values = parameters.get(norm.name() + parameter).clone();
      values[channel] = -values[channel];
      parameters.put(norm.name() + parameter, values);
    }
  }

  /** How many images a network, in integers, puts into the right class. */
  private long right(TrainedNetwork network, Dataset<Label> images) {
    try (SubBitModel integers =
        new SubBitModel(
            model.getName(),
            model.getProvenance(),
            model.getFeatureIDMap(),
            model.getOutputIDInfo(),
            network)) {
      return integers.predict(images).stream().filter(IntegerTuning::isRight).count();
    }
  }

  private static boolean isRight(Prediction<Label> prediction) {
    return prediction.getOutput().getLabel().equals(prediction.getExample().getOutput().getLabel());
  }
}

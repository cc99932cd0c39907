package dev.subbit.tribuo.training.internal.tuning;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.codebook.CodebookTaps;
import dev.subbit.tribuo.export.FoldedWeights;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Readers;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.TuningSettings;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.internal.batches.ImageBatches;
import dev.subbit.tribuo.training.internal.codebook.CodebookLearner;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingStage;
import dev.subbit.tribuo.training.internal.loop.ModelSelection;
import dev.subbit.tribuo.training.internal.loop.TrainingCheckpoints;
import dev.subbit.tribuo.training.internal.loop.TrainingLoop;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.recipe.Augmentation;
import dev.subbit.tribuo.training.teacher.NetworkTeacherSession;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;

/**
 * Trains a quantized network a little further, with its float model for a teacher.
 *
 * <p>Training starts as the quantized network: with its codebooks, indices and scales. The latent
 * weights of a stage lie between these and what the float weights have that the stages before it do
 * not give, see {@link LatentWeights}. They are brought to the size that training starts from;
 * batch normalisation behind them makes up for the size. Scales of a training are positive; a later
 * stage whose fitted scale has another sign than the first stage's in a channel starts from the
 * nearest codewords instead.
 */
final class NetworkTuning {

  private static final int BATCH = 32;
  private static final int REFINE_INTERVAL = 25;
  private static final float REFINE_RATE = 0.02f;

  private final TrainedNetwork floatNetwork;
  private final TrainedNetwork quantized;
  private final TuningSettings settings;

  /**
   * Prepares the tuning of one network.
   *
   * @param floatNetwork the network before quantization.
   * @param quantized the network after quantization.
   * @param settings how to train.
   */
  NetworkTuning(TrainedNetwork floatNetwork, TrainedNetwork quantized, TuningSettings settings) {
    this.floatNetwork = floatNetwork;
    this.quantized = quantized;
    this.settings = settings;
  }

  /**
   * Trains the quantized network.
   *
   * @param model the float model, whose labels and features the images have.
   * @param images the images.
   * @return the tuned network.
   * @throws IllegalStateException if TensorFlow is missing or training diverges.
   */
  TrainedNetwork tune(SubBitModel model, Dataset<Label> images) {
    RandomPlace random = RandomPlace.of(settings.seed());
    ImageBatches batches =
        ImageBatches.training(
            images,
            model.pixels(),
            model.getOutputIDInfo(),
            Math.min(BATCH, images.size()),
            Augmentation.none(),
            random.at("batches"),
            settings.threads());
    int tau = quantized.packed().values().iterator().next().codebook().tau();
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
    CodebookPlan codebooks = codebooks(tau);
    TrainingPlan plan =
        new TrainingPlan(
            Math.multiplyExact(settings.epochs(), batches.count()),
            recipe,
            codebooks,
            settings.threads(),
            random.at("engine").numbers().nextLong());
    try (TeacherSession teacher =
        NetworkTeacherSession.of("of the tuning", floatNetwork, settings.threads())) {
      TrainingStage stage =
          new TrainingStage(
              "tuning",
              batches,
              quantized.network(),
              plan,
              settings.epochs(),
              recipe.distils() ? teacher : null);
      return new TrainingLoop(
              List.of(stage),
              new ModelSelection(null, false, 0),
              TrainingCheckpoints.none(),
              List.of(new TuningProgress(settings.progress())),
              () -> false)
          .train(start(codebooks, random.at("codebooks")));
    }
  }

  static CodebookPlan codebooks(int tau) {
    return new CodebookPlan(
        tau,
        Selection.REFINED,
        CodebookStart.CLUSTERED,
        Assignment.NEAREST,
        REFINE_INTERVAL,
        REFINE_RATE);
  }

  /** The parameters with which the training starts as the quantized network. */
  Map<String, float[]> start(CodebookPlan codebooks, RandomPlace random) {
    Map<String, float[]> parameters = new HashMap<>(quantized.floats());
    for (Network.Node node : floatNetwork.network().nodes()) {
      if (quantized.packed().containsKey(node.name())) {
        addLatentWeights(node, codebooks, random, parameters);
      }
    }
    return parameters;
  }

  private void addLatentWeights(
      Network.Node node,
      CodebookPlan codebooks,
      RandomPlace random,
      Map<String, float[]> parameters) {
    Layer.Conv conv = (Layer.Conv) node.layer();
    float[] rest = FoldedWeights.of(floatNetwork, node.name());
    float[] size = sizes(rest, conv, quantized.packed().get(node.name()));
    divide(rest, size);
    String name = node.name();
    for (int s = 2; quantized.packed().containsKey(name); s++) {
      PackedConvWeights packed = quantized.packed().get(name);
      Codebook codebook =
          CodebookLearner.from(codebooks, packed.codebook(), random.at(name)).codebook();
      float[] given = packed.toDense();
      divide(given, size);
      parameters.put(name + "/weight", LatentWeights.of(codebook, given, rest, conv.out()));
      parameters.put(name + TrainingEngine.CODEBOOK, CodebookTaps.of(codebook));
      for (int i = 0; i < rest.length; i++) {
        rest[i] -= given[i];
      }
      name = node.name() + ".stage" + s;
    }
    rescaleNorm(node.name(), size, parameters);
  }

  /** Divides each output channel's weights. */
  private static void divide(float[] weights, float[] sizes) {
    int each = weights.length / sizes.length;
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= sizes[i / each];
    }
  }

  /**
   * The divisor of each channel's weights, which then vary as those that He et al. draw. It is
   * negative where the fitted scale is, since a training has positive scales only.
   */
  private static float[] sizes(float[] weights, Layer.Conv conv, PackedConvWeights fitted) {
    int each = weights.length / conv.out();
    float[] scale = fitted.scale();
    float[] sizes = new float[conv.out()];
    for (int o = 0; o < sizes.length; o++) {
      double sum = 0;
      for (int i = o * each; i < (o + 1) * each; i++) {
        sum += (double) weights[i] * weights[i];
      }
      sizes[o] = Math.copySign(sum > 0 ? (float) Math.sqrt(sum / 2) : 1, scale[o]);
    }
    return sizes;
  }

  /** Adapts the batch normalisation behind divided weights, which reads divided values. */
  private void rescaleNorm(String conv, float[] size, Map<String, float[]> parameters) {
    String last = conv;
    Readers readers = quantized.network().readers();
    while (!(readers.of(last).get(0).layer() instanceof Layer.BatchNorm)) {
      last = readers.of(last).get(0).name();
    }
    String norm = readers.of(last).get(0).name();
    float[] mean = parameters.get(norm + "/mean").clone();
    float[] variance = parameters.get(norm + "/variance").clone();
    float[] gamma = parameters.get(norm + "/gamma").clone();
    for (int o = 0; o < size.length; o++) {
      double before = Math.sqrt((double) variance[o] + Layer.BatchNorm.EPSILON);
      mean[o] /= size[o];
      variance[o] /= size[o] * size[o];
      double after = Math.sqrt((double) variance[o] + Layer.BatchNorm.EPSILON);
      gamma[o] = (float) (gamma[o] * size[o] * after / before);
    }
    parameters.put(norm + "/gamma", gamma);
    parameters.put(norm + "/mean", mean);
    parameters.put(norm + "/variance", variance);
  }
}

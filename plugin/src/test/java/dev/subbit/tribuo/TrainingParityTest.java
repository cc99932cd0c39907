package dev.subbit.tribuo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.codebook.KernelAssignment;
import dev.subbit.tribuo.codebook.Selection;
import dev.subbit.tribuo.codebook.TestPlans;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.engine.InitialParameters;
import dev.subbit.tribuo.engine.Recipe;
import dev.subbit.tribuo.engine.TrainingEngine;
import dev.subbit.tribuo.engine.TrainingPlan;
import dev.subbit.tribuo.engine.TrainingRun;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tribuo.MutableDataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/** What comes out of training is what was trained. */
class TrainingParityTest {

  private static final ImageShape SHAPE = new ImageShape(2, 11, 9);
  private static final int BATCH = 8;

  private static TrainingRun start(Network network, int tau, float learningRate) {
    TrainingPlan plan =
        new TrainingPlan(
            12,
            Recipe.adam(learningRate),
            TestPlans.codebooks(tau, Selection.REFINED, 3, 0.2f),
            1,
            5);
    return TrainingEngine.load()
        .start(network, plan, InitialParameters.draw(network, new SplittableRandom(3)));
  }

  @ParameterizedTest
  @CsvSource({
    "resnet8, SUB_BIT, REAL, 5",
    "resnet8, SUB_BIT, BINARY, 5",
    "resnet8, SUB_BIT, BINARY, 9",
    "resnet8, SUB_BIT, REAL, 2",
    "resnet8, FLOAT, REAL, 5",
    "resnet8, FLOAT, BINARY, 5",
    "vgg-small, SUB_BIT, BINARY, 5"
  })
  void theModelPredictsAsTheTrainingGraphDoes(
      String name, Weights weights, Activations activations, int tau) {
    assertPredictsAsTheTrainingGraphDoes(
        Networks.build(name, SHAPE, TestModels.CLASSES, weights, activations), tau);
  }

  /** The stem of ImageNet's residual networks, without the weights that follow it there. */
  @Test
  void theModelHalvesLargeImagesAsTheTrainingGraphDoes() {
    Layer.Conv stem = new Layer.Conv(2, 4, 7, 2, Weights.FLOAT, Activations.REAL);
    Layer.Conv conv = new Layer.Conv(4, 4, 3, 2, Weights.SUB_BIT, Activations.REAL);
    // 11 x 9 becomes 6 x 5: an even and an odd size for the pooling.
    assertPredictsAsTheTrainingGraphDoes(
        new Network(
            "stem",
            SHAPE,
            TestModels.CLASSES,
            List.of(
                new Network.Node("image", new Layer.Input(), List.of()),
                new Network.Node("scaled", new Layer.Normalize(2f / 255, -1), List.of("image")),
                new Network.Node("stem", stem, List.of("scaled")),
                new Network.Node("bn", new Layer.BatchNorm(4), List.of("stem")),
                new Network.Node("halves", new Layer.MaxPool(3), List.of("bn")),
                new Network.Node("conv", conv, List.of("halves")),
                new Network.Node("flat", new Layer.Flatten(), List.of("conv")),
                new Network.Node(
                    "logits", new Layer.Dense(4 * 2 * 2, TestModels.CLASSES), List.of("flat")))),
        5);
  }

  private static void assertPredictsAsTheTrainingGraphDoes(Network network, int tau) {
    MutableDataset<Label> data = TestModels.dataset(SHAPE, BATCH);
    PixelMap pixelMap = new PixelMap(data.getFeatureIDMap(), SHAPE);
    float[] pixels = new float[BATCH * SHAPE.size()];
    int[] classes = new int[BATCH];
    for (int i = 0; i < BATCH; i++) {
      pixelMap.fill(data.getExample(i), pixels, i * SHAPE.size());
      classes[i] = data.getOutputIDInfo().getID(data.getExample(i).getOutput());
    }
    float[] logits;
    TrainedNetwork trained;
    Map<String, float[]> parameters;
    try (TrainingRun run = start(network, tau, 0.01f)) {
      for (int step = 0; step < 12; step++) {
        run.step(pixels, classes);
      }
      assertThrows(IllegalStateException.class, () -> run.step(pixels, classes));
      logits = run.logits(pixels);
      trained = run.network();
      parameters = run.parameters();
    }
    for (Map.Entry<String, PackedConvWeights> entry : trained.packed().entrySet()) {
      float[] latent = parameters.get(entry.getKey() + "/weight");
      assertArrayEquals(
          KernelAssignment.nearest(entry.getValue().codebook(), latent),
          entry.getValue().indices(),
          entry.getKey());
    }
    try (SubBitModel model = TestModels.model(trained, data)) {
      for (int i = 0; i < BATCH; i++) {
        Prediction<Label> prediction = model.predict(data.getExample(i));
        double[] expected = softmax(logits, i);
        for (int c = 0; c < TestModels.CLASSES; c++) {
          String label = data.getOutputIDInfo().getOutput(c).getLabel();
          assertEquals(
              expected[c], prediction.getOutputScores().get(label).getScore(), 1e-4, "image " + i);
        }
      }
    }
  }

  private static double[] softmax(float[] logits, int image) {
    double[] scores = new double[TestModels.CLASSES];
    double sum = 0;
    for (int c = 0; c < scores.length; c++) {
      scores[c] = Math.exp(logits[image * scores.length + c]);
      sum += scores[c];
    }
    for (int c = 0; c < scores.length; c++) {
      scores[c] /= sum;
    }
    return scores;
  }

  private static Network floatResnet8() {
    return Networks.build("resnet8", SHAPE, TestModels.CLASSES, Weights.FLOAT, Activations.REAL);
  }

  @Test
  void anotherNumberOfThreadsIsRefused() {
    Network network = floatResnet8();
    start(network, 5, 0.01f).close();
    TrainingPlan plan =
        new TrainingPlan(
            12, Recipe.adam(0.01f), TestPlans.codebooks(5, Selection.REFINED, 3, 0.2f), 3, 5);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> TrainingEngine.load().start(network, plan, Map.of()));
    assertTrue(e.getMessage().contains("set threads to 1"), e.getMessage());
  }

  @Test
  void divergenceIsNamed() {
    float[] pixels = new float[BATCH * SHAPE.size()];
    SplittableRandom rng = new SplittableRandom(1);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = rng.nextInt(256);
    }
    try (TrainingRun run = start(floatResnet8(), 5, 1e38f)) {
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class,
              () -> {
                for (int step = 0; step < 12; step++) {
                  run.step(pixels, new int[BATCH]);
                }
              });
      assertTrue(e.getMessage().contains("smaller learningRate"), e.getMessage());
    }
  }
}

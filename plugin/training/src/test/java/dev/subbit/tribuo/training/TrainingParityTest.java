package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.codebook.KernelAssignment;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.network.Convolutions;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkDescription;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.ResidualStage;
import dev.subbit.tribuo.network.Stem;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tribuo.MutableDataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/** The model that a training returns computes what the training graph does. */
class TrainingParityTest {

  private static final ImageShape SHAPE = new ImageShape(2, 11, 9);
  private static final int BATCH = 8;

  private static TrainingRun start(Network network, CodebookPlan codebooks, float learningRate) {
    TrainingPlan plan = new TrainingPlan(12, Recipe.adam(learningRate), codebooks, 1, 5);
    return TrainingEngine.load()
        .start(network, plan, InitialParameters.draw(network, new SplittableRandom(3)));
  }

  private static CodebookPlan codebooks(int tau, Assignment assignment) {
    return new CodebookPlan(tau, Selection.REFINED, CodebookStart.RANDOM, assignment, 3, 0.2f);
  }

  @ParameterizedTest
  @CsvSource({
    "resnet8, SUB_BIT, REAL, 5, NEAREST",
    "resnet8, SUB_BIT, BINARY, 5, NEAREST",
    "resnet8, SUB_BIT, BINARY, 9, NEAREST",
    "resnet8, SUB_BIT, REAL, 2, NEAREST",
    "resnet8, SUB_BIT, REAL, 5, SCALED",
    "resnet8, SUB_BIT, BINARY, 2, SCALED",
    "resnet8, FLOAT, REAL, 5, NEAREST",
    "resnet8, FLOAT, BINARY, 5, NEAREST",
    "vgg-small, SUB_BIT, BINARY, 5, NEAREST"
  })
  void theModelPredictsAsTheTrainingGraphDoes(
      String name, Weights weights, Activations activations, int tau, Assignment assignment) {
    assertPredictsAsTheTrainingGraphDoes(
        Networks.build(name, SHAPE, TestModels.CLASSES, weights, activations),
        codebooks(tau, assignment));
  }

  @ParameterizedTest
  @EnumSource(Activations.class)
  void anOwnNetworkPredictsAsItsTrainingGraphDoes(Activations activations) {
    NetworkDescription own =
        new NetworkDescription(
            "own",
            List.of(
                new Stem(6, 7, 1, 3),
                new Convolutions(7, 2, 3, 1, 2, false),
                new Convolutions(5, 1, 1, 1, 0, false),
                new ResidualStage(8, 1, 1)),
            NetworkDescription.Head.FLATTEN);
    assertPredictsAsTheTrainingGraphDoes(
        own.build(SHAPE, TestModels.CLASSES, Weights.SUB_BIT, activations),
        codebooks(5, Assignment.NEAREST));
  }

  @ParameterizedTest
  @EnumSource(Activations.class)
  void bytesTrainAsFloatsDoToTheBit(Activations activations) {
    Network network =
        Networks.build("resnet8", SHAPE, TestModels.CLASSES, Weights.SUB_BIT, activations);
    byte[] bytes = new byte[BATCH * SHAPE.size()];
    new java.util.Random(17).nextBytes(bytes);
    float[] floats = Pixels.of(bytes).floats();
    int[] classes = new int[BATCH];
    Arrays.setAll(classes, i -> i % TestModels.CLASSES);
    try (TrainingRun one = start(network, codebooks(5, Assignment.NEAREST), 0.01f);
        TrainingRun other = start(network, codebooks(5, Assignment.NEAREST), 0.01f)) {
      for (int step = 0; step < 4; step++) {
        assertEquals(one.step(Pixels.of(floats), classes), other.step(Pixels.of(bytes), classes));
      }
      Map<String, float[]> others = other.parameters();
      one.parameters().forEach((name, values) -> assertArrayEquals(values, others.get(name), name));
      assertArrayEquals(one.logits(Pixels.of(floats)), other.logits(Pixels.of(bytes)));
    }
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
        codebooks(5, Assignment.NEAREST));
  }

  private static void assertPredictsAsTheTrainingGraphDoes(
      Network network, CodebookPlan codebooks) {
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
    try (TrainingRun run = start(network, codebooks, 0.01f)) {
      for (int step = 0; step < 12; step++) {
        run.step(Pixels.of(pixels), classes);
      }
      assertThrows(IllegalStateException.class, () -> run.step(Pixels.of(pixels), classes));
      logits = run.logits(Pixels.of(pixels));
      trained = run.network();
      parameters = run.parameters();
    }
    for (Map.Entry<String, PackedConvWeights> entry : trained.packed().entrySet()) {
      float[] latent = parameters.get(entry.getKey() + "/weight");
      if (codebooks.assignment() == Assignment.NEAREST) {
        assertArrayEquals(
            KernelAssignment.nearest(entry.getValue().codebook(), latent),
            entry.getValue().indices(),
            entry.getKey());
      } else {
        assertNearestToClipped(entry.getValue(), latent);
      }
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

  /**
   * Clipped taps are of one size, so codewords tie often, and rounding decides which is taken: no
   * other may be nearer by more than that.
   */
  private static void assertNearestToClipped(PackedConvWeights packed, float[] latent) {
    byte[] taps = packed.codebook().toTaps();
    int[] indices = packed.indices();
    for (int kernel = 0; kernel < indices.length; kernel++) {
      double sum = 0;
      for (int tap = 0; tap < 9; tap++) {
        sum += Math.abs(latent[9 * kernel + tap]);
      }
      double[] products = new double[packed.codebook().size()];
      for (int word = 0; word < products.length; word++) {
        for (int tap = 0; tap < 9; tap++) {
          double limit = 1.5 * sum / 9;
          double clipped = Math.max(-limit, Math.min(limit, latent[9 * kernel + tap]));
          products[word] += clipped * taps[9 * word + tap];
        }
      }
      double best = Arrays.stream(products).max().orElseThrow();
      assertEquals(best, products[indices[kernel]], 1e-6 * sum, "kernel " + kernel);
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
    start(network, codebooks(5, Assignment.NEAREST), 0.01f).close();
    TrainingPlan plan =
        new TrainingPlan(12, Recipe.adam(0.01f), codebooks(5, Assignment.NEAREST), 3, 5);
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
    try (TrainingRun run = start(floatResnet8(), codebooks(5, Assignment.NEAREST), 1e38f)) {
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class,
              () -> {
                for (int step = 0; step < 12; step++) {
                  run.step(Pixels.of(pixels), new int[BATCH]);
                }
              });
      assertTrue(e.getMessage().contains("smaller learningRate"), e.getMessage());
    }
  }
}

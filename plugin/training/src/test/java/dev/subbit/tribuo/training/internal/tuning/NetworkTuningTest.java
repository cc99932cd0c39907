package dev.subbit.tribuo.training.internal.tuning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.codebook.KernelAssignment;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.QuantizationProgress;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import dev.subbit.tribuo.quantizer.TuningSettings;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

class NetworkTuningTest {

  private static final ImageShape SHAPE = new ImageShape(1, 12, 12);

  private final MutableDataset<Label> data = TestModels.dataset(SHAPE, 24);

  /** But for the few channels where a later stage's scale has another sign than the first's. */
  @ParameterizedTest
  @CsvSource({"1, 0.001", "2, 0.1"})
  void trainingStartsAsTheQuantizedNetwork(int stages, float tolerance) {
    int tau = 4;
    TrainedNetwork network = TestModels.network(Mode.FLOAT, "resnet8", SHAPE);
    try (SubBitModel model = TestModels.model(network, data)) {
      TrainedNetwork quantized =
          SubBitQuantizer.of(tau, stages, 24, 0, Optional.empty()).quantize(model, data).network();
      CodebookPlan codebooks = NetworkTuning.codebooks(tau);
      Map<String, float[]> start =
          new NetworkTuning(
                  network,
                  quantized,
                  new TuningSettings(1, 0.001, 1, 1, 1, QuantizationProgress.NONE))
              .start(codebooks, RandomPlace.of(1));
      Recipe recipe = new Recipe(Optimiser.ADAM, Schedule.LINEAR, 0.001f, 0, 0, 0, 0, 0, 1);
      TrainingPlan plan = new TrainingPlan(1, recipe, codebooks, 1, 1);
      float[] pixels = RandomNetworks.image(SHAPE, new Random(2));
      try (TrainingRun run = TrainingEngine.load().start(quantized.network(), plan, start)) {
        float[] wanted =
            new ReferenceForward(quantized).run(pixels).get(quantized.network().output().name());
        assertArrayEquals(wanted, run.logits(Pixels.of(pixels)), tolerance);
        assertEquals(quantized.packed().keySet(), run.network().packed().keySet());
      }
    }
  }

  @Test
  void latentWeightsKeepCodewordsAndScalesAndLeanTowardsTheFloatWeights() {
    Random random = new Random(4);
    Codebook codebook = new Codebook(3, random.ints(0, 512).distinct().limit(8).toArray());
    byte[] taps = codebook.toTaps();
    int out = 5;
    int each = 6 * Codebook.TAPS;
    float[] given = new float[out * each];
    float[] wanted = new float[out * each];
    for (int i = 0; i < given.length; i++) {
      int word = i / Codebook.TAPS * 7 % 8;
      given[i] = 0.1f * (1 + i / each) * taps[word * Codebook.TAPS + i % Codebook.TAPS];
      wanted[i] = given[i] + 0.3f * (float) random.nextGaussian();
    }
    float[] latent = LatentWeights.of(codebook, given, wanted, out);
    assertArrayEquals(
        KernelAssignment.nearest(codebook, given), KernelAssignment.nearest(codebook, latent));
    double towards = 0;
    for (int o = 0; o < out; o++) {
      int first = o * each;
      double size =
          IntStream.range(first, first + each).mapToDouble(i -> Math.abs(latent[i])).sum() / each;
      assertEquals(0.1 * (1 + o), size, 1e-5);
    }
    for (int i = 0; i < latent.length; i++) {
      towards += (latent[i] - given[i]) * (wanted[i] - given[i]);
    }
    assertTrue(towards > 0, "leans to " + towards);
  }
}

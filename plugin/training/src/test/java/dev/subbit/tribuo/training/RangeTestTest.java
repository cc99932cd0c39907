package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.training.metrics.LearningRateRange;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** The learning-rate range test of a trainer. */
class RangeTestTest {

  @TempDir private Path folder;
  private MutableDataset<Label> images;

  @BeforeEach
  void drawImages() {
    images = new MutableDataset<>(StripedImages.source(folder, 48, 1));
  }

  private static SubBitTrainerBuilder builder() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .weights(Weights.FLOAT)
        .epochs(1)
        .batchSize(12)
        .threads(1);
  }

  @Test
  void theRateGrowsUntilTheLossExplodes() {
    SubBitTrainer trainer = builder().optimiser(Optimiser.SGD).momentum(0.9).build();
    LearningRateRange range = trainer.findLearningRate(images);
    assertEquals(1e-6, range.points().get(0).learningRate(), 1e-12);
    for (int i = 1; i < range.points().size(); i++) {
      double factor =
          range.points().get(i).learningRate() / range.points().get(i - 1).learningRate();
      assertEquals(Math.pow(1e7, 1 / 119.0), factor, 1e-4);
    }
    assertTrue(range.steepest() <= range.lowest(), range.toString());
    assertTrue(range.lowest() > 1e-4 && range.lowest() <= 10, "lowest " + range.lowest());
    double before = range.points().get(10).smoothed();
    double lowest =
        range.points().stream().mapToDouble(LearningRateRange.Point::smoothed).min().orElseThrow();
    assertTrue(lowest < 0.7 * before, lowest + " of " + before);
  }

  @Test
  void theSameTrainerFindsTheSameAndTrainsAsIfItHadNot() {
    TrainedNetworkProto wanted = train(builder().build());
    SubBitTrainer trainer = builder().build();
    assertEquals(trainer.findLearningRate(images), trainer.findLearningRate(images));
    assertEquals(0, trainer.getInvocationCount());
    assertEquals(wanted, train(trainer));
    SubBitTrainer large = builder().batchSize(50).build();
    assertThrows(IllegalArgumentException.class, () -> large.findLearningRate(images));
  }

  private TrainedNetworkProto train(SubBitTrainer trainer) {
    try (SubBitModel model = trainer.train(images)) {
      return NetworkCodec.encode(model.network());
    }
  }
}

package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingEnd;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStoppedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** Trainings whose model is the network of averaged parameters. */
class AveragedTrainingTest {

  @TempDir private Path folder;
  private MutableDataset<Label> images;

  @BeforeEach
  void drawImages() {
    images = new MutableDataset<>(StripedImages.source(folder, 48, 1));
  }

  /** Two stages of an epoch of 4 steps each, with an evaluation at the end of each. */
  private static SubBitTrainerBuilder builder(double averageDecay) {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .activations(Activations.BINARY)
        .tau(3)
        .epochs(1)
        .stages(StageRecipe.builder().weights(Weights.FLOAT).build(), new StageRecipe())
        .batchSize(9)
        .validationShare(0.25)
        .averageDecay(averageDecay)
        .threads(1);
  }

  private static final class Course implements TrainingListener {
    private final List<Double> losses = new ArrayList<>();
    private TrainingEnd end;
    private final SubBitTrainer trainer;
    private final int stopAt;

    Course(SubBitTrainer trainer, int stopAt) {
      this.trainer = trainer;
      this.stopAt = stopAt;
      trainer.addListener(this);
    }

    @Override
    public void stepFinished(StepMetrics metrics) {
      losses.add(metrics.loss());
      if (metrics.step() == stopAt) {
        trainer.stop();
      }
    }

    @Override
    public void epochFinished(EpochMetrics metrics) {}

    @Override
    public void finished(TrainingEnd trainingEnd) {
      end = trainingEnd;
    }
  }

  private TrainedNetworkProto train(SubBitTrainer trainer) {
    try (SubBitModel model = trainer.train(images)) {
      return NetworkCodec.encode(model.network());
    }
  }

  @Test
  void theAverageDoesNotDisturbTheTraining() {
    // An average that forgets at once is the network itself, but for the statistics.
    SubBitTrainer plain = builder(0).stages(new StageRecipe()).build();
    SubBitTrainer averaged = builder(1e-12).stages(new StageRecipe()).build();
    Course without = new Course(plain, 0);
    Course with = new Course(averaged, 0);
    train(plain);
    train(averaged);
    assertEquals(without.losses, with.losses);
    Map<String, float[]> expected = without.end.parameters();
    expected.forEach(
        (name, values) -> {
          if (!name.endsWith("/mean") && !name.endsWith("/variance")) {
            assertArrayEquals(values, with.end.parameters().get(name), 1e-6f, name);
          }
        });
  }

  @Test
  void anInterruptionChangesNoBit() {
    TrainedNetworkProto wanted = train(builder(0.9).build());
    assertNotEquals(train(builder(0).build()), wanted);
    assertEquals(wanted, train(builder(0.9).build()));
    Path checkpoints = folder.resolve("run");
    for (int stopAt : new int[] {2, 4, 6}) {
      SubBitTrainer trainer = builder(0.9).checkpointFolder(checkpoints).build();
      new Course(trainer, stopAt);
      assertThrows(TrainingStoppedException.class, () -> trainer.train(images));
    }
    assertEquals(wanted, train(builder(0.9).checkpointFolder(checkpoints).build()));
    // The training is over: the model comes from the checkpoint alone.
    assertEquals(wanted, train(builder(0.9).checkpointFolder(checkpoints).build()));
  }

  @Test
  void aNetworkInIntegersIsAveragedToo() {
    SubBitTrainer trainer = builder(0.5).epochs(2).integerEpochs(1).build();
    try (SubBitModel model = trainer.train(images)) {
      assertEquals(16, model.network().integers().orElseThrow().width());
    }
  }
}

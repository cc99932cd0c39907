package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStoppedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

/** Trainings whose last epochs compute in integers. */
class IntegerEpochsTest {

  @TempDir private Path folder;
  private MutableDataset<Label> images;

  @BeforeEach
  void drawImages() {
    images = new MutableDataset<>(StripedImages.source(folder, 48, 1));
  }

  /** Three epochs of 4 steps, the last one in integers; the codebooks are learnt. */
  private static SubBitTrainerBuilder builder() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .activations(Activations.BINARY)
        .tau(3)
        .epochs(3)
        .integerEpochs(1)
        .integerWidth(12)
        .batchSize(12)
        .threads(1);
  }

  private static SubBitTrainer build(SubBitTrainerBuilder builder) {
    SubBitTrainer trainer = builder.build();
    // So that the few steps here refine codebooks in both stages.
    trainer.refineInterval = 2;
    return trainer;
  }

  private static final class Steps implements TrainingListener {
    private final List<Double> rates = new ArrayList<>();
    private final List<Integer> stages = new ArrayList<>();
    private final Runnable stop;
    private final int stopAt;

    Steps(Runnable stop, int stopAt) {
      this.stop = stop;
      this.stopAt = stopAt;
    }

    @Override
    public void epochFinished(EpochMetrics metrics) {}

    @Override
    public void stepFinished(StepMetrics metrics) {
      rates.add(metrics.learningRate());
      stages.add(metrics.stage());
      if (metrics.step() == stopAt) {
        stop.run();
      }
    }
  }

  @Test
  void theModelIsAnIntegerOneAndAnInterruptionChangesNothing() {
    SubBitTrainer whole = build(builder());
    Steps steps = new Steps(whole::stop, 0);
    whole.addListener(steps);
    TrainedNetworkProto wanted;
    try (SubBitModel model = whole.train(images)) {
      assertEquals(12, model.network().integers().orElseThrow().width());
      wanted = NetworkCodec.encode(model.network());
    }
    assertEquals(List.of(1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2), steps.stages);
    // One schedule: the rate falls by as much from stage to stage as from step to step.
    assertEquals(steps.rates.get(0) / 12, steps.rates.get(7) - steps.rates.get(8), 1e-6);

    Path checkpoints = folder.resolve("checkpoints");
    for (int stopAt : new int[] {8, 10}) {
      SubBitTrainer trainer = build(builder().checkpointFolder(checkpoints));
      trainer.addListener(new Steps(trainer::stop, stopAt));
      assertThrows(TrainingStoppedException.class, () -> trainer.train(images));
    }
    try (SubBitModel model = build(builder().checkpointFolder(checkpoints)).train(images)) {
      assertEquals(wanted, NetworkCodec.encode(model.network()));
    }
  }

  @Test
  void onlyBinaryNetworksOfSubBitWeightsCanEndInIntegers() {
    assertRefused("integerEpochs", builder().integerEpochs(3));
    assertRefused("activations is BINARY", builder().activations(Activations.REAL));
    assertRefused("weights is SUB_BIT", builder().weights(Weights.FLOAT));
    assertRefused("9 to 16", builder().integerWidth(8));
    Helpers.testConfigurableRoundtrip(builder().build());
  }

  private static void assertRefused(String part, SubBitTrainerBuilder builder) {
    String message = assertThrows(PropertyException.class, builder::build).getMessage();
    assertTrue(message.contains(part), message);
  }
}

package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.EpochSums;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingEnd;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import dev.subbit.tribuo.training.metrics.TrainingStoppedException;
import dev.subbit.tribuo.training.recipe.Augmentation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** A training that is stopped and resumed ends as if it had not been stopped. */
class ResumedTrainingTest {

  /** 48 images, 36 to train on: an epoch has 4 steps of 9 images. */
  private static final int STEPS_OF_AN_EPOCH = 4;

  @TempDir static Path images;
  @TempDir Path folder;

  private static MutableDataset<Label> data;
  private static Telling uncut;
  private static TrainedNetworkProto uncutNetwork;

  /** The events that a training reported, without times. */
  private static final class Telling implements TrainingListener {
    final List<TrainingStart> starts = new ArrayList<>();
    final List<StepMetrics> steps = new ArrayList<>();
    final List<EpochMetrics> epochs = new ArrayList<>();
    final List<TrainingEnd> ends = new ArrayList<>();
    private final SubBitTrainer trainer;
    private final int stopAt;

    Telling(SubBitTrainer trainer, int stopAt) {
      this.trainer = trainer;
      this.stopAt = stopAt;
      trainer.addListener(this);
    }

    @Override
    public void started(TrainingStart start) {
      starts.add(start);
    }

    @Override
    public void stepFinished(StepMetrics m) {
      steps.add(
          new StepMetrics(
              m.stage(),
              m.epoch(),
              m.epochs(),
              m.step(),
              m.loss(),
              m.accuracy(),
              m.learningRate(),
              new EpochSums(
                  m.epochSoFar().steps(),
                  m.epochSoFar().images(),
                  m.epochSoFar().loss(),
                  m.epochSoFar().correct(),
                  m.epochSoFar().codewordsChanged(),
                  0)));
      if (m.step() == stopAt) {
        trainer.stop();
      }
    }

    @Override
    public void finished(TrainingEnd end) {
      ends.add(end);
    }

    @Override
    public void epochFinished(EpochMetrics m) {
      epochs.add(
          new EpochMetrics(
              m.stage(),
              m.epoch(),
              m.epochs(),
              m.step(),
              m.loss(),
              m.accuracy(),
              m.validation(),
              m.learningRate(),
              m.codewordsChanged(),
              0,
              0));
    }
  }

  /** One epoch with float weights and two with sub-bit weights. */
  private static SubBitTrainerBuilder builder() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .tau(3)
        .selection(Selection.REFINED)
        .floatEpochs(1)
        .epochs(2)
        .batchSize(9)
        .validationShare(0.25)
        .augmentation(new Augmentation(true, 1))
        .threads(1);
  }

  private SubBitTrainer trainer() {
    return builder().checkpointFolder(folder).build();
  }

  private Path file() {
    return folder.resolve("training.checkpoint");
  }

  @BeforeAll
  static void trainUninterrupted() {
    data = new MutableDataset<>(StripedImages.source(images, 48, 1));
    SubBitTrainer trainer = builder().build();
    uncut = new Telling(trainer, 0);
    try (SubBitModel model = trainer.train(data)) {
      uncutNetwork = NetworkCodec.encode(model.network());
    }
    assertEquals(3 * STEPS_OF_AN_EPOCH, uncut.steps.size());
  }

  /** Trains until a step; a stopped training names its checkpoint. */
  private Telling trainUntil(int step) {
    SubBitTrainer trainer = trainer();
    Telling telling = new Telling(trainer, step);
    TrainingStoppedException e =
        assertThrows(TrainingStoppedException.class, () -> trainer.train(data));
    assertEquals(file(), e.checkpoint().orElseThrow());
    assertTrue(telling.ends.isEmpty(), "a stopped training has no end");
    assertTrue(e.getMessage().contains("step " + step + " of 12"), e.getMessage());
    assertTrue(e.getMessage().contains(file().toString()), e.getMessage());
    return telling;
  }

  /** Trains to the end, and expects the results of the uninterrupted training. */
  private Telling trainToTheEnd(int from) {
    SubBitTrainer trainer = trainer();
    Telling telling = new Telling(trainer, 0);
    try (SubBitModel model = trainer.train(data)) {
      assertEquals(uncutNetwork, NetworkCodec.encode(model.network()));
    }
    assertEquals(from, telling.starts.get(0).step());
    assertEquals(12, telling.starts.get(0).steps());
    assertEquals(uncut.steps.subList(from, 12), telling.steps);
    int epochsDone = from / STEPS_OF_AN_EPOCH;
    assertEquals(uncut.epochs.subList(epochsDone, 3), telling.epochs);
    assertEquals(epochsDone, telling.starts.get(0).history().size());
    assertEquals(1, telling.ends.size());
    assertSameEnd(uncut.ends.get(0), telling.ends.get(0));
    return telling;
  }

  private static void assertSameEnd(TrainingEnd expected, TrainingEnd end) {
    assertEquals(36, end.trainingImages());
    assertEquals(12, end.validationImages());
    assertEquals(expected.modelEpoch(), end.modelEpoch());
    assertEquals(NetworkCodec.encode(expected.network()), NetworkCodec.encode(end.network()));
    assertEquals(expected.initial().keySet(), end.parameters().keySet());
    expected.initial().forEach((name, v) -> assertArrayEquals(v, end.initial().get(name), name));
    expected
        .parameters()
        .forEach((name, v) -> assertArrayEquals(v, end.parameters().get(name), name));
  }

  @Test
  void resumesFromTheMiddleOfEitherStage() {
    Telling first = trainUntil(3);
    assertTrue(first.starts.get(0).checkpoint().isEmpty());
    Telling second = trainUntil(10);
    assertEquals(file(), second.starts.get(0).checkpoint().orElseThrow());
    assertEquals(1, second.starts.get(0).epoch());
    Telling third = trainToTheEnd(10);
    assertEquals(3, third.starts.get(0).epoch());

    // The training is over, so it returns the model at once.
    trainToTheEnd(12);
  }

  @Test
  void resumesFromTheEndOfAStage() {
    trainUntil(STEPS_OF_AN_EPOCH);
    trainToTheEnd(STEPS_OF_AN_EPOCH);
  }

  @Test
  void refusesTheCheckpointOfAnotherTraining() throws IOException {
    trainUntil(1);
    byte[] before = Files.readAllBytes(file());
    assertRefused(
        builder().checkpointFolder(folder).tau(4).epochs(5).build(),
        data,
        "epochs was 2 and is 5; tau was 3 and is 4");
    assertRefused(
        builder().checkpointFolder(folder).augmentation(new Augmentation(true, 2)).build(),
        data,
        "augmentation was");
    assertRefused(
        trainer(),
        new MutableDataset<>(StripedImages.source(images, 51, 1)),
        "number of images was 48 and is 51");
    assertRefused(
        trainer(),
        new MutableDataset<>(StripedImages.source(images, 48, 2)),
        "digest of labels and pixels was");
    SubBitTrainer later = trainer();
    later.setInvocationCount(1);
    assertRefused(later, data, "invocation count was 0 and is 1");

    // Settings that do not influence the result may differ.
    Files.writeString(file(), "damaged");
    assertRefused(trainer(), data, "Delete it");
    Files.write(file(), before);
    SubBitTrainer other = builder().checkpointFolder(folder).checkpointSeconds(7).build();
    Telling telling = new Telling(other, 2);
    assertThrows(TrainingStoppedException.class, () -> other.train(data));
    assertEquals(1, telling.starts.get(0).step());
  }

  private void assertRefused(SubBitTrainer trainer, MutableDataset<Label> images, String part) {
    Exception e = assertThrows(IllegalStateException.class, () -> trainer.train(images));
    assertTrue(e.getMessage().contains(part), e.getMessage());
    assertTrue(e.getMessage().contains(file().toString()), e.getMessage());
  }

  @Test
  void continuesTrainingWhereCheckpointsCannotBeWritten() throws IOException {
    // A folder of that name stands in the way of the file that is written.
    Files.createDirectory(folder.resolve("training.checkpoint.part"));
    Files.createFile(folder.resolve("training.checkpoint.part/in-the-way"));
    trainToTheEnd(0);
    assertFalse(Files.exists(file()));

    SubBitTrainer trainer = trainer();
    new Telling(trainer, 1);
    TrainingStoppedException e =
        assertThrows(TrainingStoppedException.class, () -> trainer.train(data));
    assertTrue(e.checkpoint().isEmpty());
    assertTrue(e.getMessage().contains("could not be written"), e.getMessage());
  }

  @Test
  void withoutAFolderAStoppedTrainingIsLost() {
    SubBitTrainer trainer = builder().build();
    new Telling(trainer, 1);
    TrainingStoppedException e =
        assertThrows(TrainingStoppedException.class, () -> trainer.train(data));
    assertTrue(e.checkpoint().isEmpty());
    assertTrue(e.getMessage().contains("checkpointFolder"), e.getMessage());
  }

  @Test
  void aTrainingThatWasStoppedCanBeStartedAgainByTheSameTrainer() {
    SubBitTrainer trainer = trainer();
    new Telling(trainer, 1);
    assertThrows(TrainingStoppedException.class, () -> trainer.train(data));
    trainer.setInvocationCount(0);
    try (SubBitModel model = trainer.train(data)) {
      assertEquals(uncutNetwork, NetworkCodec.encode(model.network()));
    }
  }
}

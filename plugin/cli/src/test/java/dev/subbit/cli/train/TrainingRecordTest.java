package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.training.StageRecipe;
import dev.subbit.tribuo.training.SubBitTrainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** The report of a training while it is under way. */
class TrainingRecordTest {

  @TempDir private Path folder;

  /** Two stages of the same kind; averages are put in place and taken back for the report. */
  private static SubBitTrainer trainer() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .tau(3)
        .epochs(1)
        .stages(
            StageRecipe.builder().weights(Weights.FLOAT).build(),
            StageRecipe.builder().tau(4).build(),
            StageRecipe.builder().build())
        .averageDecay(0.5)
        .batchSize(12)
        .threads(1)
        .build();
  }

  @Test
  void isWrittenAfterEveryEpochAndDoesNotDisturbTheTraining() throws IOException {
    MutableDataset<Label> images = new MutableDataset<>(StripedImages.source(folder, 48, 1));
    TrainedNetworkProto wanted;
    try (SubBitModel model = trainer().train(images)) {
      wanted = NetworkCodec.encode(model.network());
    }
    SubBitTrainer trainer = trainer();
    Path report = folder.resolve("report.html");
    TrainingRecord record = new TrainingRecord(report, trainer.getProvenance(), images);
    trainer.addListener(record);
    List<String> pages = new ArrayList<>();
    trainer.addListener(
        metrics -> {
          try {
            pages.add(Files.exists(report) ? Files.readString(report) : "");
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    try (SubBitModel model = trainer.train(images)) {
      assertEquals(wanted, NetworkCodec.encode(model.network()));
      record.write(model, null, null);
    }
    assertTrue(pages.get(0).contains("Under way: epoch 1 of 3 is over"), pages.get(0));
    assertTrue(pages.get(0).contains("resnet8, float weights"));
    assertTrue(pages.get(1).contains("Under way: epoch 2 of 3 is over"));
    assertTrue(pages.get(1).contains("0.44 bit per weight"));
    String last = Files.readString(report);
    assertTrue(last.contains("0.33 bit per weight") && !last.contains("Under way"));
    assertTrue(last.contains("sub-bit weights (stage 3)"), "stages of a kind are told apart");
  }
}

package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStoppedException;
import dev.subbit.tribuo.training.recipe.ClassWeights;
import dev.subbit.tribuo.training.recipe.Mixing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Example;
import org.tribuo.MutableDataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

/** Trainings on mixed images, and on images that count differently. */
class MixedTrainingTest {

  @TempDir private Path folder;
  private MutableDataset<Label> images;

  @BeforeEach
  void drawImages() {
    images = new MutableDataset<>(StripedImages.source(folder, 48, 1));
  }

  private static SubBitTrainerBuilder builder() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .tau(3)
        .floatEpochs(1)
        .epochs(1)
        .batchSize(12)
        .threads(1);
  }

  private static SubBitTrainerBuilder mixed() {
    return builder()
        .mixing(new Mixing(0.4, 1, 0.8))
        .classWeights(new ClassWeights(true, Map.of("down", 2.0)));
  }

  private TrainedNetworkProto train(SubBitTrainer trainer) {
    try (SubBitModel model = trainer.train(images)) {
      return NetworkCodec.encode(model.network());
    }
  }

  @Test
  void anInterruptionChangesNoBit() {
    TrainedNetworkProto wanted = train(mixed().build());
    assertNotEquals(train(builder().build()), wanted);
    assertEquals(wanted, train(mixed().build()));
    for (int stopAt : new int[] {2, 7}) {
      SubBitTrainer trainer = mixed().checkpointFolder(folder.resolve("run")).build();
      trainer.addListener(
          new TrainingListener() {
            @Override
            public void epochFinished(EpochMetrics metrics) {}

            @Override
            public void stepFinished(StepMetrics metrics) {
              if (metrics.step() == stopAt) {
                trainer.stop();
              }
            }
          });
      assertThrows(TrainingStoppedException.class, () -> trainer.train(images));
    }
    assertEquals(wanted, train(mixed().checkpointFolder(folder.resolve("run")).build()));

    SubBitTrainer other = mixed().checkpointFolder(folder.resolve("run")).build();
    images.getExample(40).setWeight(2);
    Exception e = assertThrows(IllegalStateException.class, () -> other.train(images));
    assertTrue(e.getMessage().contains("digest of labels"), e.getMessage());
  }

  @Test
  void equalWeightsOfExamplesChangeNoBit() {
    TrainedNetworkProto wanted = train(builder().build());
    images.forEach(example -> example.setWeight(3));
    assertEquals(wanted, train(builder().build()));
  }

  @Test
  void imagesOfWeightZeroAreNotLearnt() {
    images.forEach(
        example -> example.setWeight(example.getOutput().getLabel().equals("down") ? 0 : 1));
    SubBitTrainer trainer = builder().weights(Weights.FLOAT).floatEpochs(0).epochs(8).build();
    try (SubBitModel model = trainer.train(images)) {
      int right = 0;
      int others = 0;
      for (Example<Label> example : images) {
        Prediction<Label> prediction = model.predict(example);
        assertNotEquals("down", prediction.getOutput().getLabel());
        if (example.getWeight() > 0) {
          others++;
          right += prediction.getOutput().getLabel().equals(example.getOutput().getLabel()) ? 1 : 0;
        }
      }
      assertTrue(right > 0.9 * others, right + " of " + others);
    }
  }

  @Test
  void learnsFromMixedImages() {
    SubBitTrainer trainer =
        builder()
            .weights(Weights.FLOAT)
            .floatEpochs(0)
            .epochs(12)
            .mixing(new Mixing(0.2, 0, 1))
            .build();
    try (SubBitModel model = trainer.train(images)) {
      int right = 0;
      for (Prediction<Label> prediction : model.predict(images)) {
        String truth = prediction.getExample().getOutput().getLabel();
        right += prediction.getOutput().getLabel().equals(truth) ? 1 : 0;
      }
      assertTrue(right > 0.9 * images.size(), right + " of " + images.size());
    }
  }

  @Test
  void weightsAreReadFromConfigurationsAndProvenances() throws IOException {
    Path file = folder.resolve("weights.xml");
    Files.writeString(
        file,
        "<config><component name=\"weights\""
            + " type=\"dev.subbit.tribuo.training.recipe.ClassWeights\">"
            + "<property name=\"balanced\" value=\"true\"/><propertymap name=\"weights\">"
            + "<entry key=\"up\" value=\"0.5\"/></propertymap></component></config>");
    try (ConfigurationManager manager = new ConfigurationManager(file.toString())) {
      ClassWeights weights = (ClassWeights) manager.lookup("weights");
      assertEquals("ClassWeights(balanced=true,weights={up=0.5})", weights.toString());
    }
    Helpers.testConfigurableRoundtrip(mixed().build());
    Helpers.testProvenanceMarshalling(mixed().build().getProvenance());
    assertThrows(PropertyException.class, () -> new ClassWeights(false, Map.of("up", 0.0)));
  }
}

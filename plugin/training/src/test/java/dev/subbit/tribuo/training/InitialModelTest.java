package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.evaluation.LabelEvaluator;
import org.tribuo.test.Helpers;

class InitialModelTest {

  private static final String ZOO_MODEL = "fashion-mnist-real-tau5";

  @TempDir static Path folder;

  private static MutableDataset<Label> training;
  private static MutableDataset<Label> held;
  private static Path saved;
  private static Map<String, float[]> savedFloats;

  private static SubBitTrainerBuilder builder() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .tau(4)
        .batchSize(16)
        .epochs(1)
        .threads(1);
  }

  @BeforeAll
  static void trainOne() throws Exception {
    training = new MutableDataset<>(StripedImages.source(folder, 192, 1));
    held = new MutableDataset<>(StripedImages.source(folder, 96, 2));
    saved = folder.resolve("saved.sbm");
    try (SubBitModel model = builder().epochs(6).floatEpochs(0).build().train(training)) {
      savedFloats = model.network().floats();
      model.serializeToFile(saved);
    }
  }

  @Test
  void trainingGoesOnFromTheModel() {
    InitialModel start = InitialModel.ofFile(saved, "stem.*", "stage1.*");
    SubBitTrainer trainer = builder().learningRate(1e-4).initialModel(start).build();
    assertTrue(trainer.toString().contains("floatEpochs=0"), trainer.toString());
    try (SubBitModel model = trainer.train(training)) {
      double accuracy = new LabelEvaluator().evaluate(model, held).accuracy();
      assertTrue(accuracy >= 0.9, "accuracy after one epoch of small steps: " + accuracy);
      Map<String, float[]> floats = model.network().floats();
      assertArrayEquals(savedFloats.get("stem.conv/weight"), floats.get("stem.conv/weight"));
      assertArrayEquals(
          savedFloats.get("stage1.block0.bn2/beta"), floats.get("stage1.block0.bn2/beta"));
      assertFalse(
          java.util.Arrays.equals(
              savedFloats.get("stage2.block0.bn2/beta"), floats.get("stage2.block0.bn2/beta")));
      String provenance = model.getProvenance().getTrainerProvenance().toString();
      assertTrue(provenance.contains("saved.sbm"), provenance);
      assertTrue(provenance.contains("model-resource-hash"), provenance);
      assertTrue(provenance.contains("stage1.*"), provenance);
    }
  }

  @Test
  void isConfiguredAsAnyComponent() {
    InitialModel start = InitialModel.ofFile(saved, "stem.*").withRateFactor(0.5);
    SubBitTrainer trainer = builder().initialModel(start).build();
    Helpers.testConfigurableRoundtrip(trainer);
    Helpers.testProvenanceMarshalling(trainer.getProvenance());
  }

  @Test
  void takesAModelOfTheZooWithANewClassifierWhereTheLabelsDiffer() {
    InitialModel start = InitialModel.ofZoo(ZOO_MODEL, "*conv*", "*bn*");
    SubBitTrainer trainer =
        SubBitTrainer.builder(StripedImages.SHAPE)
            .batchSize(16)
            .epochs(1)
            .threads(1)
            .initialModel(start)
            .build();
    try (SubBitModel model = trainer.train(training);
        SubBitModel zoo = Zoo.load(ZOO_MODEL)) {
      PackedConvWeights before = zoo.network().packed().get("stage2.block1.conv1");
      PackedConvWeights after = model.network().packed().get("stage2.block1.conv1");
      assertEquals(before.codebook(), after.codebook());
      assertArrayEquals(before.indices(), after.indices());
      assertArrayEquals(before.scale(), after.scale(), 1e-6f);
      assertEquals(3, model.network().network().classes());
      assertEquals(10, zoo.network().network().classes());
    }
  }

  /** Adam's first step is as long as the learning rate, whatever the gradient. */
  @Test
  void theModelsLayersAreTrainedAtAShareOfTheRate() {
    SubBitTrainer trainer =
        builder()
            .batchSize(training.size())
            .learningRate(0.01)
            .initialModel(InitialModel.ofFile(saved).withRateFactor(0.25))
            .build();
    try (SubBitModel model = trainer.train(training)) {
      float[] before = savedFloats.get("classifier/bias");
      float[] after = model.network().floats().get("classifier/bias");
      for (int i = 0; i < before.length; i++) {
        assertEquals(0.0025, Math.abs(after[i] - before[i]), 1e-4);
      }
    }
  }

  @Test
  void whatDoesNotFitIsNamed() throws Exception {
    assertRefuses(
        "'stem.conv' of the network 'resnet18' is a convolution of 64 x 1 x 3 x 3 weights, and in"
            + " 'resnet8' it is a convolution of 16 x 1 x 3 x 3 weights",
        builder().network("resnet18").initialModel(InitialModel.ofFile(saved)));
    assertRefuses(
        "'stage1.block0.threshold1'",
        builder().activations(Activations.BINARY).initialModel(InitialModel.ofFile(saved)));
    assertRefuses(
        "freeze has 'head.*', which is no layer of the network 'resnet8'",
        builder().initialModel(InitialModel.ofFile(saved, "head.*")));
    assertRefuses("no layer is left", builder().initialModel(InitialModel.ofFile(saved, "*")));
    Path damaged = Files.writeString(folder.resolve("damaged.sbm"), "no model");
    assertRefuses(
        "damaged.sbm is not a saved model, or is damaged",
        builder().initialModel(InitialModel.ofFile(damaged)));
  }

  private static void assertRefuses(String part, SubBitTrainerBuilder builder) {
    SubBitTrainer trainer = builder.build();
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> trainer.train(training));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Test
  void aModelThatIsNotThereIsNamedBeforeTheTraining() {
    assertMessage("nothing.sbm", () -> InitialModel.ofFile(folder.resolve("nothing.sbm")));
    assertMessage(ZOO_MODEL, () -> InitialModel.ofZoo("fashion-mnist-real-tau7"));
    assertMessage("zooModel", () -> InitialModel.ofFile(null));
    assertMessage("rateFactor", () -> InitialModel.ofFile(saved).withRateFactor(0));
  }

  private static void assertMessage(String part, Runnable action) {
    PropertyException e = assertThrows(PropertyException.class, action::run);
    assertTrue(e.getMsg().contains(part), e.getMsg());
  }

  /** Another image size is no other shape of a layer where the head takes means. */
  @Test
  void imagesMayHaveAnotherSize() {
    ImageShape larger = new ImageShape(1, 16, 20);
    SubBitTrainer trainer =
        SubBitTrainer.builder(larger)
            .network("resnet8")
            .tau(4)
            .batchSize(2)
            .epochs(1)
            .threads(1)
            .initialModel(InitialModel.ofFile(saved))
            .build();
    MutableDataset<Label> images =
        new MutableDataset<>(training.getSourceProvenance(), training.getOutputFactory());
    for (int i = 0; i < 4; i++) {
      byte[] pixels = new byte[larger.size()];
      java.util.Arrays.fill(pixels, (byte) (60 * i));
      images.add(
          new dev.subbit.tribuo.data.ImageExample(new Label(i % 2 == 0 ? "x" : "y"), pixels));
    }
    try (SubBitModel model = trainer.train(images)) {
      assertEquals(larger, model.network().network().input());
    }
  }
}

package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.subbit.onnx.NativeLibrary;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** What a training computes on and with, on a machine without a GPU. */
class TrainingDeviceTest {

  @TempDir private Path folder;
  private MutableDataset<Label> images;

  @BeforeEach
  void drawImages() {
    images = new MutableDataset<>(StripedImages.source(folder, 48, 1));
  }

  private static SubBitTrainerBuilder builder() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .activations(Activations.BINARY)
        .tau(3)
        .epochs(2)
        .batchSize(12)
        .threads(1);
  }

  private TrainedNetworkProto train(SubBitTrainer trainer) {
    try (SubBitModel model = trainer.train(images)) {
      return NetworkCodec.encode(model.network());
    }
  }

  private static String field(SubBitTrainer trainer, String name) {
    return trainer.getProvenance().getConfiguredParameters().get(name).toString();
  }

  /** A GPU would be found here, and change the bits. */
  private static void assumeNoGpu() {
    SubBitTrainer trainer = builder().device(TrainingDevice.AUTO).build();
    assumeTrue(trainer.settleDevice() == TrainingDevice.CPU, "there is a GPU");
  }

  @Test
  void withoutAGpuAutoIsTheProcessorToTheBit() {
    assumeNoGpu();
    SubBitTrainer automatic = builder().device(TrainingDevice.AUTO).build();
    assertTrue(field(automatic, "device").contains("AUTO"));
    TrainedNetworkProto found = train(automatic);
    assertTrue(field(automatic, "device").contains("CPU"), "what the provenance says");
    assertEquals(train(builder().build()), found);
  }

  @Test
  void withoutAGpuAnErrorSaysWhatToDo() {
    assumeNoGpu();
    SubBitTrainer trainer = builder().device(TrainingDevice.GPU).build();
    String message =
        assertThrows(IllegalStateException.class, () -> trainer.train(images)).getMessage();
    assertTrue(message.startsWith("device is GPU, but TensorFlow"), message);
    assertTrue(message.endsWith("Or set device to CPU"), message);
    if (NativeLibrary.platform().equals("linux-x86_64")) {
      assertTrue(
          message.contains("tensorflow-core-native:1.1.0:linux-x86_64-gpu")
              || message.contains("nvidia-smi"),
          message);
    }
    assertThrows(IllegalStateException.class, () -> trainer.findLearningRate(images));
  }

  @Test
  void convolutionsInBfloat16TrainANetworkOfFloat32() {
    List<Double> losses = new ArrayList<>();
    SubBitTrainer trainer = builder().epochs(6).precision(Precision.BFLOAT16).build();
    trainer.addListener(
        new TrainingListener() {
          @Override
          public void epochFinished(EpochMetrics metrics) {
            losses.add(metrics.loss());
          }
        });
    TrainedNetworkProto trained = train(trainer);
    assertTrue(losses.get(losses.size() - 1) < 0.7 * losses.get(0), losses::toString);
    assertTrue(field(trainer, "precision").contains("BFLOAT16"));
    assertEquals(trained, train(builder().epochs(6).precision(Precision.BFLOAT16).build()));
    assertNotEquals(train(builder().epochs(6).build()), trained);
  }
}

package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import dev.subbit.tribuo.settings.Clipping;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.evaluation.LabelEvaluator;

/** The accuracy that quantization costs a trained network. */
class QuantizedAccuracyTest {

  @TempDir static Path folder;

  private static MutableDataset<Label> training;
  private static MutableDataset<Label> held;

  @BeforeAll
  static void drawImages() {
    training = new MutableDataset<>(StripedImages.source(folder, 192, 1));
    held = new MutableDataset<>(StripedImages.source(folder, 192, 2));
  }

  private static SubBitModel train(Weights weights) {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .weights(weights)
        .activations(Activations.REAL)
        .tau(5)
        .batchSize(16)
        .epochs(5)
        .threads(1)
        .build()
        .train(training);
  }

  private static double accuracy(SubBitModel model) {
    return new LabelEvaluator().evaluate(model, held).accuracy();
  }

  @Test
  void eightBitActivationsCostASubBitModelLittle() {
    try (SubBitModel trained = train(Weights.SUB_BIT)) {
      double before = accuracy(trained);
      for (Clipping clipping : Clipping.values()) {
        try (SubBitModel quantized =
            new SubBitQuantizer(5, 96, clipping).quantize(trained, training)) {
          double after = accuracy(quantized);
          assertTrue(after >= before - 0.02, clipping + ": " + before + " became " + after);
        }
      }
    }
  }

  @Test
  void subBitWeightsWithoutTrainingKeepMostOfWhatAFloatModelKnows() {
    try (SubBitModel trained = train(Weights.FLOAT)) {
      double before = accuracy(trained);
      try (SubBitModel quantized =
          new SubBitQuantizer(5, 192, Clipping.LEAST_ERROR).quantize(trained, training)) {
        double after = accuracy(quantized);
        assertTrue(after >= before - 0.1, before + " became " + after);
      }
    }
  }
}

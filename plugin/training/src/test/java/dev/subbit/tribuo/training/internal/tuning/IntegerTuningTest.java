package dev.subbit.tribuo.training.internal.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import dev.subbit.tribuo.quantizer.TuningSettings;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.internal.loop.ValidationSplit;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.teacher.NetworkTeacherSession;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tribuo.MutableDataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.classification.evaluation.LabelEvaluator;

class IntegerTuningTest {

  /** At this share, the labels of the images are all that is learnt from. */
  private static final double LABELS_ONLY = 0;

  @TempDir private Path folder;
  private MutableDataset<Label> images;

  @BeforeEach
  void drawImages() {
    images = new MutableDataset<>(StripedImages.source(folder, 160, 1));
  }

  private SubBitModel model(String name) {
    Network network =
        Networks.build(
            name, StripedImages.SHAPE, StripedImages.CLASSES, Weights.SUB_BIT, Activations.BINARY);
    TrainedNetwork random = RandomNetworks.weigh(network, TestModels.TAU, 17);
    Map<String, PackedConvWeights> packed = new HashMap<>(random.packed());
    if (name.equals("vgg-small")) {
      // In front of a max pooling, integers need positive scales, as trained networks have.
      packed.replaceAll((node, weights) -> weights.withScale(magnitudes(weights.scale())));
    }
    return TestModels.model(new TrainedNetwork(network, random.floats(), packed, Map.of()), images);
  }

  private static float[] magnitudes(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.abs(values[i]);
    }
    return values;
  }

  private TrainedNetwork inIntegers(SubBitModel model, int width) {
    return new SubBitQuantizer().withIntegerWidth(width).quantize(model, images).network();
  }

  private static TuningSettings settings(double rate) {
    return new TuningSettings(2, rate, LABELS_ONLY, 1, 7);
  }

  /** The logits of the training graph and of the exported integers, the float ones beside them. */
  @ParameterizedTest
  @CsvSource({"resnet8, 12", "resnet8, 16", "vgg-small, 12"})
  void theTrainingGraphComputesWhatTheIntegersDo(String name, int width) {
    try (SubBitModel model = model(name)) {
      TrainedNetwork integers = inIntegers(model, width);
      IntegerTuning tuning = new IntegerTuning(model, integers, settings(0.001));
      TrainingPlan plan = tuning.plan(1, 1);
      List<float[]> pixels = new ArrayList<>();
      Random random = new Random(8);
      for (int i = 0; i < 16; i++) {
        pixels.add(RandomNetworks.image(StripedImages.SHAPE, random));
      }
      try (TrainingRun run = TrainingEngine.load().start(integers.network(), plan, tuning.start());
          TeacherSession floats = NetworkTeacherSession.of("floats", model.network(), 1);
          TeacherSession exported = NetworkTeacherSession.of("integers", integers, 1)) {
        double toIntegers = 0;
        double toFloats = 0;
        for (float[] image : pixels) {
          float[] graph = run.logits(image);
          toIntegers += distance(graph, exported.logits(image, 1));
          toFloats += distance(graph, floats.logits(image, 1));
        }
        assertTrue(toIntegers < 0.25 * toFloats, toIntegers + " and " + toFloats);
      }
    }
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += Math.abs(a[i] - b[i]);
    }
    return sum;
  }

  @Test
  void trainingThatHelpsIsKept() {
    try (SubBitModel model = model("resnet8")) {
      TrainedNetwork before = inIntegers(model, 12);
      TrainedNetwork tuned = new IntegerTuning(model, before, settings(0.01)).tune(images);
      assertNotSame(before, tuned);
      assertEquals(12, tuned.integers().orElseThrow().width());
      ValidationSplit split =
          ValidationSplit.draw(
              images,
              model.getFeatureIDMap(),
              model.getOutputIDInfo(),
              0.1,
              RandomPlace.of(7).at("validation"));
      double first = accuracy(model, before, split);
      double second = accuracy(model, tuned, split);
      assertTrue(second > first, first + " became " + second);
    }
  }

  private double accuracy(SubBitModel model, TrainedNetwork network, ValidationSplit split) {
    try (SubBitModel integers =
        new SubBitModel(
            "integers",
            model.getProvenance(),
            model.getFeatureIDMap(),
            model.getOutputIDInfo(),
            network)) {
      List<Prediction<Label>> predictions = integers.predict(split.validation());
      return new LabelEvaluator()
          .evaluate(integers, predictions, images.getProvenance())
          .accuracy();
    }
  }

  @Test
  void trainingThatChangesNothingIsNotKept() {
    try (SubBitModel model = model("resnet8")) {
      TrainedNetwork before = inIntegers(model, 16);
      assertSame(before, new IntegerTuning(model, before, settings(1e-30)).tune(images));
    }
  }

  @Test
  void tooFewImagesToHoldSomeOutAreRefused() {
    MutableDataset<Label> few = new MutableDataset<>(StripedImages.source(folder, 8, 1));
    try (SubBitModel model = model("resnet8")) {
      TrainedNetwork before = inIntegers(model, 16);
      IntegerTuning tuning = new IntegerTuning(model, before, settings(0.001));
      String message =
          assertThrows(IllegalArgumentException.class, () -> tuning.tune(few)).getMessage();
      assertTrue(message.contains("8 images") && message.contains("too few"), message);
    }
  }
}

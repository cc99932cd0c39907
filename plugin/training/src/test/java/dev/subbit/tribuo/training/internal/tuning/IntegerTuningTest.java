package dev.subbit.tribuo.training.internal.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.quantizer.QuantizationProgress;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import dev.subbit.tribuo.quantizer.TuningSettings;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.internal.loop.ValidationSplit;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.teacher.NetworkTeacherSession;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

  private SubBitModel model() {
    Network network =
        Networks.build(
            "resnet8",
            StripedImages.SHAPE,
            StripedImages.CLASSES,
            Weights.SUB_BIT,
            Activations.BINARY);
    return TestModels.model(RandomNetworks.weigh(network, TestModels.TAU, 17), images);
  }

  private TrainedNetwork inIntegers(SubBitModel model, int width) {
    return new SubBitQuantizer().withIntegerWidth(width).quantize(model, images).network();
  }

  private static TuningSettings settings(double rate) {
    return new TuningSettings(2, rate, LABELS_ONLY, 1, 7, QuantizationProgress.NONE);
  }

  /**
   * Every kind of layer once, and no more, since a second convolution of signs would make a flood
   * of the last bit that may differ in the first.
   */
  private static Network oneBlock() {
    return new Network(
        "block",
        StripedImages.SHAPE,
        StripedImages.CLASSES,
        List.of(
            node("image", new Layer.Input()),
            node("scaled", new Layer.Normalize(2f / 255, -1), "image"),
            node("stem", conv(1, 8, 3, 1, Weights.FLOAT, Activations.REAL), "scaled"),
            node("stem.bn", new Layer.BatchNorm(8), "stem"),
            node("threshold", new Layer.Shift(8), "stem.bn"),
            node("conv", conv(8, 16, 3, 2, Weights.SUB_BIT, Activations.BINARY), "threshold"),
            node("bn", new Layer.BatchNorm(16), "conv"),
            node("half", new Layer.AveragePool(), "stem.bn"),
            node("wide", conv(8, 16, 1, 1, Weights.FLOAT, Activations.REAL), "half"),
            node("wide.bn", new Layer.BatchNorm(16), "wide"),
            node("add", new Layer.Add(), "bn", "wide.bn"),
            node("before", new Layer.Shift(16), "add"),
            node("prelu", new Layer.PRelu(16), "before"),
            node("after", new Layer.Shift(16), "prelu"),
            node("pool", new Layer.GlobalAveragePool(), "after"),
            node("classifier", new Layer.Dense(16, StripedImages.CLASSES), "pool")));
  }

  private static Network.Node node(String name, Layer layer, String... inputs) {
    return new Network.Node(name, layer, List.of(inputs));
  }

  private static Layer.Conv conv(
      int in, int out, int kernel, int stride, Weights weights, Activations activations) {
    return new Layer.Conv(in, out, kernel, stride, weights, activations);
  }

  /**
   * With few bits behind the point, the integers are far from the floats; the graph follows. It is
   * not the same: the half pixel that padding is off is rounded with the sums here, with the biases
   * there, which moves some values by a unit and some signs with them.
   */
  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void theTrainingGraphComputesWhatTheIntegersDo(int fractionBits) {
    TrainedNetwork floats = RandomNetworks.weigh(oneBlock(), TestModels.TAU, 17);
    TrainedNetwork integers = floats.withIntegers(new IntegerForm(12, fractionBits));
    try (SubBitModel model = TestModels.model(floats, images)) {
      IntegerTuning tuning = new IntegerTuning(model, integers, settings(0.001));
      Random random = new Random(8);
      double toIntegers = 0;
      double toFloats = 0;
      try (TrainingRun run =
              TrainingEngine.load().start(integers.network(), tuning.plan(1, 1), tuning.start());
          TeacherSession inFloats = NetworkTeacherSession.of("floats", floats, 1);
          TeacherSession exported = NetworkTeacherSession.of("integers", integers, 1)) {
        for (int i = 0; i < 16; i++) {
          float[] image = RandomNetworks.image(StripedImages.SHAPE, random);
          float[] wanted = exported.logits(image, 1);
          toIntegers += distance(wanted, run.logits(Pixels.of(image)));
          toFloats += distance(wanted, inFloats.logits(image, 1));
        }
      }
      assertTrue(toIntegers < 0.5 * toFloats, toIntegers + " and " + toFloats);
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
    try (SubBitModel model = model()) {
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
    try (SubBitModel model = model()) {
      TrainedNetwork before = inIntegers(model, 16);
      assertSame(before, new IntegerTuning(model, before, settings(1e-30)).tune(images));
    }
  }

  @Test
  void tooFewImagesToHoldSomeOutAreRefused() {
    MutableDataset<Label> few = new MutableDataset<>(StripedImages.source(folder, 8, 1));
    try (SubBitModel model = model()) {
      TrainedNetwork before = inIntegers(model, 16);
      IntegerTuning tuning = new IntegerTuning(model, before, settings(0.001));
      String message =
          assertThrows(IllegalArgumentException.class, () -> tuning.tune(few)).getMessage();
      assertTrue(message.contains("8 images") && message.contains("too few"), message);
    }
  }
}

package dev.subbit.tribuo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tribuo.Example;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.impl.ArrayExample;
import org.tribuo.interop.onnx.OnnxTestUtils;
import org.tribuo.test.Helpers;

class SubBitModelTest {

  // Odd sizes, so that strides and pooling meet a last row and column.
  private static final ImageShape SHAPE = new ImageShape(2, 11, 9);

  @TempDir Path folder;

  private final MutableDataset<Label> data = TestModels.dataset(SHAPE, 12);

  private SubBitModel model(Mode mode) {
    return TestModels.model(TestModels.network(mode, "resnet8", SHAPE), data);
  }

  @Test
  void predictsInIntegersAsOneNodeAndByLayer() {
    try (SubBitModel model = TinyModels.network()) {
      Example<Label> example = TinyModels.data().getExample(0);
      double[] scores = TestModels.scores(model, model.predict(example));
      TrainedNetwork floats =
          new TrainedNetwork(
              model.network().network(),
              model.network().floats(),
              model.network().packed(),
              Map.of());
      float[] image = new float[TinyModels.SHAPE.size()];
      model.pixels().fill(example, image, 0);
      assertArrayEquals(new ReferenceForward(floats).probabilities(image), scores, 0.1);
      assertEquals(List.of("IntegerNetwork"), operators(model.exportONNXModel("test", 1)));
      assertEquals(
          List.of(
              "IntegerStem",
              "IntegerSubBitBlock",
              "IntegerShortcut",
              "IntegerSubBitBlock",
              "IntegerClassifier"),
          operators(model.exportByLayer("test", 1)));
    }
  }

  @Test
  void exportsToOtherToolsHoldStandardOperatorsOnly() {
    try (SubBitModel binary = TinyModels.binary();
        SubBitModel blocks = TinyModels.blocks();
        SubBitModel network = TinyModels.network()) {
      for (SubBitModel model : List.of(binary, blocks, network)) {
        OnnxMl.ModelProto inlined = model.exportInlined("com.example", 3);
        OnnxMl.ModelProto plain = model.exportPlain("com.example", 3);
        for (OnnxMl.ModelProto exported : List.of(inlined, plain)) {
          assertEquals(List.of(), operators(exported));
          assertEquals(0, exported.getFunctionsCount());
          assertEquals("com.example", exported.getDomain());
          assertEquals(19, exported.getOpsetImport(0).getVersion());
        }
        assertTrue(
            plain.getGraph().getInitializerList().stream()
                .noneMatch(tensor -> tensor.getName().endsWith("/index")));
        assertTrue(
            plain.getGraph().getInitializerList().stream()
                .anyMatch(tensor -> tensor.getName().equals("conv1/weight")),
            () ->
                plain.getGraph().getInitializerList().stream().map(t -> t.getName()).toList() + "");
      }
    }
  }

  private static List<String> operators(OnnxMl.ModelProto model) {
    return model.getGraph().getNodeList().stream()
        .filter(node -> node.getDomain().equals("dev.subbit"))
        .map(OnnxMl.NodeProto::getOpType)
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void predictsWhatTheReferenceComputes(Mode mode) {
    TrainedNetwork network = TestModels.network(mode, "resnet8", SHAPE);
    ReferenceForward reference = new ReferenceForward(network);
    try (SubBitModel model = TestModels.model(network, data)) {
      List<Prediction<Label>> predictions = model.predict(data);
      for (int i = 0; i < data.size(); i++) {
        float[] image = new float[SHAPE.size()];
        model.pixels().fill(data.getExample(i), image, 0);
        assertArrayEquals(
            reference.probabilities(image),
            TestModels.scores(model, predictions.get(i)),
            tolerance(mode));
      }
    }
  }

  /** The float layers round differently, which may move an 8-bit value by one step. */
  private static double tolerance(Mode mode) {
    return mode == Mode.INTEGER ? 2e-2 : 1e-4;
  }

  @ParameterizedTest
  @EnumSource
  void everyBackendGivesTheSame(Mode mode) {
    try (SubBitModel model = model(mode);
        SubBitModel plain = model.withBackend("onnxruntime", Map.of())) {
      List<Prediction<Label>> expected = plain.predict(data);
      for (ExecutionBackend backend : ExecutionBackend.available()) {
        if (backend.devices().stream().anyMatch(ExecutionBackend.Device::available)) {
          try (SubBitModel other = model.withBackend(backend.name(), Map.of())) {
            List<Prediction<Label>> actual = other.predict(data);
            for (int i = 0; i < data.size(); i++) {
              assertArrayEquals(
                  TestModels.scores(model, expected.get(i)),
                  TestModels.scores(model, actual.get(i)),
                  mode == Mode.INTEGER ? 0 : 1e-4,
                  backend.name());
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void exportsWhatTribuoLoads(Mode mode) throws Exception {
    Path file = folder.resolve("model.onnx");
    try (SubBitModel model = model(mode)) {
      model.saveONNXModel("dev.subbit.test", 1, file);
      OnnxTestUtils.onnxLabelComparison(model, file, data, 1e-5);
    }
  }

  @ParameterizedTest
  @EnumSource
  void isStoredByTribuo(Mode mode) throws Exception {
    try (SubBitModel model = model(mode)) {
      Model<Label> copy = Helpers.testModelProtoSerialization(model, Label.class, data);
      assertEquals(model.serialize(), copy.serialize());
      assertSame(model, model.predict(data), copy.predict(data));

      Path file = folder.resolve("model.sbm");
      model.serializeToFile(file);
      Model<Label> read = Model.deserializeFromFile(file).castModel(Label.class);
      assertSame(model, model.predict(data), read.predict(data));
      assertSame(model, model.predict(data), model.copy().predict(data));
    }
  }

  private static void assertSame(
      SubBitModel model, List<Prediction<Label>> expected, List<Prediction<Label>> actual) {
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(
          TestModels.scores(model, expected.get(i)), TestModels.scores(model, actual.get(i)));
    }
  }

  @Test
  void predictsOneByOneAsInBatches() {
    try (SubBitModel model = model(Mode.SUB_BIT)) {
      List<Prediction<Label>> batch = model.predict(data);
      for (int i = 0; i < data.size(); i++) {
        Prediction<Label> single = model.predict(data.getExample(i));
        assertArrayEquals(
            TestModels.scores(model, batch.get(i)), TestModels.scores(model, single), 1e-6);
        assertEquals(SHAPE.size(), single.getNumActiveFeatures());
        assertEquals(SHAPE.size(), batch.get(i).getNumActiveFeatures());
      }
    }
  }

  @Test
  void readsFeaturesByNameAndZeroWhereThereIsNone() {
    // A sparse example, and a domain that has seen only some of the pixels, in no special order.
    Example<Label> sparse =
        new ArrayExample<>(
            new Label("0"), new String[] {"007", "120", "045"}, new double[] {10, 200, 77});
    MutableDataset<Label> some = TestModels.dataset(SHAPE, 0);
    some.add(sparse);
    for (int i = 1; i < TestModels.CLASSES; i++) {
      some.add(
          new ArrayExample<>(
              new Label(Integer.toString(i)), new String[] {"120"}, new double[] {1}));
    }
    TrainedNetwork network = TestModels.network(Mode.SUB_BIT, "resnet8", SHAPE);
    float[] image = new float[SHAPE.size()];
    image[7] = 10;
    image[120] = 200;
    image[45] = 77;
    try (SubBitModel model = TestModels.model(network, some)) {
      Prediction<Label> prediction = model.predict(sparse);
      assertArrayEquals(
          new ReferenceForward(network).probabilities(image),
          TestModels.scores(model, prediction),
          1e-4);
      assertEquals(3, prediction.getNumActiveFeatures());
    }
  }

  @Test
  void refusesAnExampleWithoutAnyKnownFeature() {
    try (SubBitModel model = model(Mode.FLOAT)) {
      Example<Label> stranger =
          new ArrayExample<>(new Label("0"), new String[] {"height"}, new double[] {1});
      assertThrows(IllegalArgumentException.class, () -> model.predict(stranger));
    }
  }

  @Test
  void predictsFromManyThreads() {
    try (SubBitModel model = model(Mode.SUB_BIT_BINARY)) {
      double[] expected = TestModels.scores(model, model.predict(data.getExample(0)));
      IntStream.range(0, 64)
          .parallel()
          .forEach(
              i ->
                  assertArrayEquals(
                      expected, TestModels.scores(model, model.predict(data.getExample(0)))));
    }
  }

  @Test
  void isClosedForGood() {
    SubBitModel model = model(Mode.FLOAT);
    model.predict(data.getExample(0));
    model.close();
    model.close();
    String message =
        assertThrows(IllegalStateException.class, () -> model.predict(data)).getMessage();
    assertEquals("The model is closed", message);
    assertEquals(model.serialize(), model.copy().serialize());
  }

  @Test
  void namesTheBackendsThereAre() {
    try (SubBitModel model = model(Mode.FLOAT)) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> model.withBackend("tpu", Map.of()))
              .getMessage();
      assertTrue(message.contains("tpu") && message.contains("onnxruntime"), message);
      SubBitModel odd = model.withBackend("onnxruntime", Map.of("speed", "high"));
      assertThrows(IllegalArgumentException.class, () -> odd.predict(data));
    }
  }

  @Test
  void explainsNothing() {
    try (SubBitModel model = model(Mode.FLOAT)) {
      assertTrue(model.getTopFeatures(3).isEmpty());
      assertTrue(model.getExcuse(data.getExample(0)).isEmpty());
      assertTrue(model.generatesProbabilities());
    }
  }
}

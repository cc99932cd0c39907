package dev.subbit.tribuo.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.network.Convolutions;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkDescription;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.ResidualStage;
import dev.subbit.tribuo.network.Stem;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The paper's networks as ONNX, at sizes that their strides do not divide and at their own. */
class NamedNetworksExportTest {

  @ParameterizedTest
  @EnumSource(names = {"SUB_BIT", "SUB_BIT_BINARY", "INTEGER"})
  void resnet18OnLargeImagesComputesTheReference(Mode mode) throws OrtException {
    // 67 rows and 6 columns: an odd and an even size for the 7x7 convolution; 34 and 3 for the
    // pool.
    assertComputesTheReference(mode, "resnet18", new ImageShape(1, 67, 6));
  }

  @ParameterizedTest
  @EnumSource(names = {"SUB_BIT", "SUB_BIT_BINARY", "INTEGER"})
  void vggSmallComputesTheReference(Mode mode) throws OrtException {
    assertComputesTheReference(mode, "vgg-small", new ImageShape(1, 6, 5));
  }

  private static void assertComputesTheReference(Mode mode, String name, ImageShape shape)
      throws OrtException {
    TrainedNetwork network = TestModels.network(mode, name, shape);
    String logits = network.network().output().name();
    float[] image = RandomNetworks.image(shape, new Random(3));
    float[] expected = new ReferenceForward(network).run(image).get(logits);
    for (ExecutionBackend backend : NodeValues.backends()) {
      float[] actual = NodeValues.of(network, List.of(logits), image, backend).get(logits);
      // The float layers round differently, which may move an 8-bit value by one step.
      assertArrayEquals(expected, actual, mode == Mode.INTEGER ? 5e-2f : 1e-3f, backend.name());
    }
  }

  /** Plain convolutions, kept ones, and stages that do and do not halve, in one network. */
  @ParameterizedTest
  @EnumSource(Activations.class)
  void aNetworkOfEveryKindOfPartComputesTheReference(Activations activations) throws OrtException {
    ImageShape shape = new ImageShape(2, 21, 18);
    Network network =
        new NetworkDescription(
                "mixed",
                List.of(
                    new Stem(6, 7, 2, 0),
                    new Convolutions(9, 2, 3, 1, 2, false),
                    new Convolutions(8, 1, 1, 1, 0, false),
                    new ResidualStage(12, 1, 1),
                    new ResidualStage(12, 1, 2),
                    new Convolutions(7, 1, 3, 1, 0, false)),
                NetworkDescription.Head.FLATTEN)
            .build(shape, 5, Weights.SUB_BIT, activations);
    TrainedNetwork trained = RandomNetworks.weigh(network, TestModels.TAU, 11);
    float[] image = RandomNetworks.image(shape, new Random(13));
    float[] expected = new ReferenceForward(trained).run(image).get("classifier");
    for (ExecutionBackend backend : NodeValues.backends()) {
      float[] actual =
          NodeValues.of(trained, List.of("classifier"), image, backend).get("classifier");
      assertArrayEquals(expected, actual, 1e-3f, backend.name());
    }
  }

  /** At full size: loads on every back end; bodies and kernels agree to the last bit. */
  @ParameterizedTest
  @CsvSource({"resnet18, 3, 224, 1000", "vgg-small, 3, 32, 10"})
  void binaryNetworksGiveTheSameBitsOnEveryBackend(String name, int channels, int side, int classes)
      throws OrtException {
    ImageShape shape = new ImageShape(channels, side, side);
    Network network = Networks.build(name, shape, classes, Weights.SUB_BIT, Activations.BINARY);
    TrainedNetwork trained = RandomNetworks.weigh(network, TestModels.TAU, 5);
    List<String> logits = List.of(network.output().name());
    float[] image = RandomNetworks.image(shape, new Random(7));
    Map<String, float[]> bodies = null;
    for (ExecutionBackend backend : NodeValues.backends()) {
      Map<String, float[]> values = NodeValues.of(trained, logits, image, backend);
      bodies = bodies == null ? values : bodies;
      assertEquals(classes, values.get("classifier").length);
      assertTrue(Float.isFinite(values.get("classifier")[0]));
      assertArrayEquals(bodies.get("classifier"), values.get("classifier"), backend.name());
    }
  }
}

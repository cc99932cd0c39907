package dev.subbit.tribuo.training.internal.engine.tensorflow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.internal.codebook.CodebookLearner;
import dev.subbit.tribuo.training.internal.codebook.TestPlans;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat32;

/**
 * Gradients against TensorFlow's own differentiation: of the same forward graph where every layer
 * has a derivative, and of one with the straight-through estimators written as differentiable
 * surrogates where not.
 */
class BackwardPassTest {

  private static final int BATCH = 4;
  private static final int TAU = 3;

  private final Graph graph = new Graph();
  private final Ops tf = Ops.create(graph);
  private final Parameters parameters = new Parameters(tf);
  private final SplittableRandom rng = new SplittableRandom(11);

  @AfterEach
  void closeGraph() {
    graph.close();
  }

  private static Network.Node node(String name, Layer layer, String... inputs) {
    return new Network.Node(name, layer, List.of(inputs));
  }

  private static Layer.Conv conv(
      int in, int out, int kernel, int stride, Weights weights, Activations activations) {
    return new Layer.Conv(in, out, kernel, stride, weights, activations);
  }

  private Operand<TFloat32> randomImages(Network network) {
    float[][] images = new float[BATCH][network.input().size()];
    for (float[] image : images) {
      for (int i = 0; i < image.length; i++) {
        image[i] = rng.nextInt(256);
      }
    }
    return tf.constant(images);
  }

  private Operand<TFloat32> targets(int classes) {
    float[][] oneHot = new float[BATCH][classes];
    for (int i = 0; i < BATCH; i++) {
      oneHot[i][i % classes] = 1;
    }
    return tf.constant(oneHot);
  }

  private Map<String, float[]> initialParameters(Network network) {
    Map<String, float[]> initial = InitialParameters.draw(network, rng);
    // Shifts, slopes and the like start alike in every channel; here each is its own.
    initial.forEach(
        (name, values) -> {
          for (int i = 0; i < values.length; i++) {
            values[i] += name.endsWith("/weight") ? 0 : (float) rng.nextDouble(-0.2, 0.2);
          }
        });
    return initial;
  }

  private void assign(Session session, Parameter parameter, float[] values) {
    try (TFloat32 tensor = TFloat32.tensorOf(parameter.shape(), DataBuffers.of(values))) {
      session
          .runner()
          .feed(parameter.newValue(), tensor)
          .addTarget(parameter.assign())
          .run()
          .close();
    }
  }

  private static float[] fetch(Session session, Operand<?> operand) {
    try (Result result = session.runner().fetch(operand).run()) {
      float[] values = new float[(int) result.get(0).size()];
      result.get(0).asRawTensor().data().asFloats().read(values);
      return values;
    }
  }

  private static void assertClose(String name, float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length, name);
    double largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertTrue(largest > 0, name + " has no gradient");
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-4 * largest + 1e-7, name + "[" + i + "]");
    }
  }

  @Test
  void equalsAutomaticDifferentiationOfEveryLayerThatHasADerivative() {
    Network network =
        new Network(
            "test",
            new ImageShape(2, 7, 6),
            3,
            List.of(
                node("image", new Layer.Input()),
                node("scaled", new Layer.Normalize(2f / 255, -1), "image"),
                node("stem", conv(2, 4, 3, 1, Weights.FLOAT, Activations.REAL), "scaled"),
                node("bn", new Layer.BatchNorm(4), "stem"),
                node("relu", new Layer.Relu(), "bn"),
                node("shift", new Layer.Shift(4), "bn"),
                node("prelu", new Layer.PRelu(4), "shift"),
                node("conv", conv(4, 4, 3, 1, Weights.FLOAT, Activations.REAL), "prelu"),
                node("sum", new Layer.Add(), "conv", "relu"),
                node("down", new Layer.AveragePool(), "sum"),
                node("wide", conv(4, 5, 1, 1, Weights.FLOAT, Activations.REAL), "down"),
                node("pool", new Layer.GlobalAveragePool(), "wide"),
                node("logits", new Layer.Dense(5, 3), "pool")));
    assertEqualsAutomaticDifferentiation(network);
  }

  @Test
  void equalsAutomaticDifferentiationOfShiftsThatAreAddedUpAroundAShortcut() {
    Network network =
        new Network(
            "test",
            new ImageShape(2, 7, 6),
            3,
            List.of(
                node("image", new Layer.Input()),
                node("scaled", new Layer.Normalize(2f / 255, -1), "image"),
                node("stem", conv(2, 4, 3, 1, Weights.FLOAT, Activations.REAL), "scaled"),
                node("bn0", new Layer.BatchNorm(4), "stem"),
                node("prelu0", new Layer.PRelu(4), "bn0"),
                node("after0", new Layer.Shift(4), "prelu0"),
                node("threshold", new Layer.Shift(4), "after0"),
                node("conv", conv(4, 4, 3, 1, Weights.FLOAT, Activations.REAL), "threshold"),
                node("bn", new Layer.BatchNorm(4), "conv"),
                node("sum", new Layer.Add(), "bn", "after0"),
                node("before", new Layer.Shift(4), "sum"),
                node("prelu", new Layer.PRelu(4), "before"),
                node("after", new Layer.Shift(4), "prelu"),
                node("pool", new Layer.GlobalAveragePool(), "after"),
                node("logits", new Layer.Dense(4, 3), "pool")));
    assertEqualsAutomaticDifferentiation(network);
  }

  @Test
  void equalsAutomaticDifferentiationOfMaxPoolingAndFlattening() {
    for (int[] size : new int[][] {{8, 6}, {7, 9}}) {
      Network network = pooled(new ImageShape(1, size[0], size[1]), "" + size[0]);
      assertEqualsAutomaticDifferentiation(network);
    }
  }

  /** Convolutions of kernel 7 and 3, both max poolings behind them, a classifier on all values. */
  private static Network pooled(ImageShape shape, String prefix) {
    int rest = ((shape.height() + 7) / 8) * ((shape.width() + 7) / 8);
    return new Network(
        "test",
        shape,
        3,
        List.of(
            node("image", new Layer.Input()),
            node("scaled", new Layer.Normalize(2f / 255, -1), "image"),
            node(prefix + "stem", conv(1, 3, 7, 2, Weights.FLOAT, Activations.REAL), "scaled"),
            node("pool3", new Layer.MaxPool(3), prefix + "stem"),
            node(prefix + "conv", conv(3, 4, 3, 1, Weights.FLOAT, Activations.REAL), "pool3"),
            node("pool2", new Layer.MaxPool(2), prefix + "conv"),
            node(prefix + "bn", new Layer.BatchNorm(4), "pool2"),
            node("flat", new Layer.Flatten(), prefix + "bn"),
            node(prefix + "logits", new Layer.Dense(4 * rest, 3), "flat")));
  }

  private void assertEqualsAutomaticDifferentiation(Network network) {
    Map<String, ConvWeights> convWeights = new HashMap<>();
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv) {
        Parameter weight =
            parameters.get(
                node.name() + "/weight", conv.out(), conv.in(), conv.kernel(), conv.kernel());
        convWeights.put(node.name(), new FloatConvWeights(tf, weight));
      }
    }
    ForwardPass forward =
        new ForwardPass(tf, network, randomImages(network), parameters, convWeights, true);
    var crossEntropy =
        tf.nn.softmaxCrossEntropyWithLogits(
            forward.output(network.output().name()), targets(network.classes()));
    BackwardPass backward =
        new BackwardPass(tf, network, forward, parameters, convWeights, crossEntropy.backprop());
    Operand<TFloat32> loss = tf.reduceSum(crossEntropy.loss(), tf.constant(0));

    List<Parameter> trained = new ArrayList<>(backward.gradients().keySet());
    Output<?>[] values = trained.stream().map(p -> p.value().asOutput()).toArray(Output<?>[]::new);
    Output<?>[] expected = graph.addGradients(loss.asOutput(), values);
    Map<String, float[]> initial = initialParameters(network);
    try (Session session = new Session(graph)) {
      for (Parameter parameter : parameters.all()) {
        if (initial.containsKey(parameter.name())) {
          assign(session, parameter, initial.get(parameter.name()));
        }
      }
      assertEquals(
          initial.keySet().stream()
              .filter(name -> !name.endsWith("/mean") && !name.endsWith("/variance"))
              .count(),
          trained.size());
      for (int i = 0; i < expected.length; i++) {
        assertClose(
            trained.get(i).name(),
            fetch(session, expected[i]),
            fetch(session, backward.gradients().get(trained.get(i))));
      }
    }
  }

  /** Stride 2 and its padding, against finite differences of the loss. */
  @Test
  void equalsFiniteDifferencesThroughStridedConvolutions() {
    for (int kernel : new int[] {1, 3}) {
      Network network =
          new Network(
              "test",
              new ImageShape(1, 6, 5),
              2,
              List.of(
                  node("image", new Layer.Input()),
                  node("scaled", new Layer.Normalize(2f / 255, -1), "image"),
                  node("stem", conv(1, 2, 3, 2, Weights.FLOAT, Activations.REAL), "scaled"),
                  node("shift" + kernel, new Layer.Shift(2), "stem"),
                  node(
                      "conv" + kernel,
                      conv(2, 3, kernel, 2, Weights.FLOAT, Activations.REAL),
                      "shift" + kernel),
                  node("pool", new Layer.GlobalAveragePool(), "conv" + kernel),
                  node("logits", new Layer.Dense(3, 2), "pool")));
      assertEqualsFiniteDifferences(network);
    }
  }

  private void assertEqualsFiniteDifferences(Network network) {
    Map<String, ConvWeights> convWeights = new HashMap<>();
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv) {
        convWeights.put(
            node.name(),
            new FloatConvWeights(
                tf,
                parameters.get(
                    node.name() + "/weight", conv.out(), conv.in(), conv.kernel(), conv.kernel())));
      }
    }
    ForwardPass forward =
        new ForwardPass(tf, network, randomImages(network), parameters, convWeights, true);
    var crossEntropy =
        tf.nn.softmaxCrossEntropyWithLogits(
            forward.output(network.output().name()), targets(network.classes()));
    BackwardPass backward =
        new BackwardPass(tf, network, forward, parameters, convWeights, crossEntropy.backprop());
    Operand<TFloat32> loss = tf.reduceSum(crossEntropy.loss(), tf.constant(0));
    Map<String, float[]> initial = initialParameters(network);
    try (Session session = new Session(graph)) {
      for (Parameter parameter : backward.gradients().keySet()) {
        assign(session, parameter, initial.get(parameter.name()));
      }
      for (Map.Entry<Parameter, Operand<TFloat32>> entry : backward.gradients().entrySet()) {
        float[] gradient = fetch(session, entry.getValue());
        float[] values = initial.get(entry.getKey().name());
        for (int i = 0; i < values.length; i++) {
          float value = values[i];
          float step = 0.02f;
          values[i] = value + step;
          assign(session, entry.getKey(), values);
          float up = fetch(session, loss)[0];
          values[i] = value - step;
          assign(session, entry.getKey(), values);
          float down = fetch(session, loss)[0];
          values[i] = value;
          assign(session, entry.getKey(), values);
          assertEquals(
              (up - down) / (2 * step), gradient[i], 2e-3, entry.getKey().name() + "[" + i + "]");
        }
      }
    }
  }

  /**
   * The estimators, against a graph in which they are derivatives; that for GPUs is computed on the
   * processor, too.
   */
  @ParameterizedTest
  @EnumSource(names = {"CPU", "GPU"})
  void passesBinarisationsStraightThrough(TrainingDevice device) {
    Network network =
        new Network(
            "test",
            new ImageShape(1, 6, 6),
            2,
            List.of(
                node("image", new Layer.Input()),
                node("scaled", new Layer.Normalize(2f / 255, -1), "image"),
                node("stem", conv(1, 3, 3, 1, Weights.FLOAT, Activations.REAL), "scaled"),
                node("threshold", new Layer.Shift(3), "stem"),
                node("conv", conv(3, 4, 3, 1, Weights.SUB_BIT, Activations.BINARY), "threshold"),
                node("bn", new Layer.BatchNorm(4), "conv"),
                node("pool", new Layer.GlobalAveragePool(), "bn"),
                node("logits", new Layer.Dense(4, 2), "pool")));
    Parameter stem = parameters.get("stem/weight", 3, 1, 3, 3);
    Parameter latent = parameters.get("conv/weight", 4, 3, 3, 3);
    Parameter codewords = parameters.get("codewords", 1 << TAU, 9);
    SubBitConvWeights subBit =
        new SubBitConvWeights(
            tf,
            device,
            (Layer.Conv) network.nodes().get(4).layer(),
            TestPlans.codebooks(TAU),
            latent,
            codewords);
    Map<String, ConvWeights> convWeights =
        Map.of("stem", new FloatConvWeights(tf, stem), "conv", subBit);
    Operand<TFloat32> images = randomImages(network);
    ForwardPass forward = new ForwardPass(tf, network, images, parameters, convWeights, true);
    var crossEntropy = tf.nn.softmaxCrossEntropyWithLogits(forward.output("logits"), targets(2));
    BackwardPass backward =
        new BackwardPass(tf, network, forward, parameters, convWeights, crossEntropy.backprop());

    Operand<TFloat32> surrogateLoss = surrogateLoss(forward, subBit, latent, codewords);
    List<Parameter> trained = new ArrayList<>(List.of(stem, latent, codewords));
    trained.add(parameters.get("threshold/shift", 3));
    trained.add(parameters.get("bn/gamma", 4));
    Output<?>[] expected =
        graph.addGradients(
            surrogateLoss.asOutput(),
            trained.stream().map(p -> p.value().asOutput()).toArray(Output<?>[]::new));
    Map<String, float[]> initial = initialParameters(network);
    float[] weights = initial.get("conv/weight");
    // Some latent weights outside [-1, 1], where the estimator is 0.
    weights[0] = 1.5f;
    weights[10] = -1.25f;
    Codebook codebook =
        CodebookLearner.start(TestPlans.codebooks(TAU), new float[0], RandomPlace.of(1)).codebook();
    float[] taps = new float[codebook.size() * 9];
    for (int i = 0; i < taps.length; i++) {
      taps[i] = codebook.toTaps()[i];
    }
    initial.put("codewords", taps);
    try (Session session = new Session(graph)) {
      for (Parameter parameter : parameters.all()) {
        assign(session, parameter, initial.get(parameter.name()));
      }
      assertClose(
          "loss",
          fetch(session, tf.reduceSum(crossEntropy.loss(), tf.constant(0))),
          fetch(session, surrogateLoss));
      for (int i = 0; i < expected.length; i++) {
        Parameter parameter = trained.get(i);
        Operand<TFloat32> actual =
            parameter == codewords
                ? backward.codebookGradients().get("conv")
                : backward.gradients().get(parameter);
        assertClose(parameter.name(), fetch(session, expected[i]), fetch(session, actual));
      }
      float[] latentGradient = fetch(session, backward.gradients().get(latent));
      assertEquals(0f, Math.abs(latentGradient[0]));
      assertEquals(0f, Math.abs(latentGradient[10]));
    }
  }

  private Operand<TFloat32> surrogateLoss(
      ForwardPass forward, SubBitConvWeights subBit, Parameter latent, Parameter codewords) {
    // s(x) = 2x - x|x| inside [-1, 1] has the derivative 2 - 2|x|.
    Operand<TFloat32> x = forward.output("threshold");
    Operand<TFloat32> clipped = clip(x);
    Operand<TFloat32> smooth =
        tf.math.sub(
            tf.math.mul(tf.constant(2f), clipped), tf.math.mul(clipped, tf.math.abs(clipped)));
    Operand<TFloat32> sign =
        tf.select(tf.math.greaterEqual(x, tf.constant(0f)), tf.constant(1f), tf.constant(-1f));
    Operand<TFloat32> binary = tf.math.add(smooth, tf.stopGradient(tf.math.sub(sign, smooth)));

    Operand<TFloat32> chosen =
        tf.reshape(
            tf.gather(codewords.value(), subBit.index(), tf.constant(0)), tf.array(4, 3, 3, 3));
    Operand<TFloat32> through = clip(latent.value());
    Operand<TFloat32> kernels = tf.math.add(tf.math.sub(through, tf.stopGradient(through)), chosen);
    Operand<TFloat32> weights =
        ConvWeights.toHwio(tf, tf.math.mul(kernels, tf.stopGradient(subBit.scale())));
    Operand<TFloat32> y = tf.nn.conv2d(binary, weights, List.of(1L, 1L, 1L, 1L), "SAME");
    Operand<TFloat32> none = tf.constant(new float[0]);
    Operand<TFloat32> normalized =
        tf.nn
            .fusedBatchNorm(
                y,
                parameters.get("bn/gamma", 4).value(),
                parameters.get("bn/beta", 4).value(),
                none,
                none,
                FusedBatchNorm.epsilon(Layer.BatchNorm.EPSILON),
                FusedBatchNorm.isTraining(true))
            .y();
    Operand<TFloat32> pooled = tf.math.mean(normalized, tf.array(1, 2));
    Operand<TFloat32> logits =
        tf.nn.biasAdd(
            tf.linalg.matMul(
                pooled,
                parameters.get("logits/weight", 2, 4).value(),
                org.tensorflow.op.linalg.MatMul.transposeB(true)),
            parameters.get("logits/bias", 2).value());
    return tf.reduceSum(
        tf.nn.softmaxCrossEntropyWithLogits(logits, targets(2)).loss(), tf.constant(0));
  }

  private Operand<TFloat32> clip(Operand<TFloat32> x) {
    return tf.math.minimum(tf.math.maximum(x, tf.constant(-1f)), tf.constant(1f));
  }
}

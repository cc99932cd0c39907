package dev.subbit.tribuo.training.internal.engine.tensorflow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Compares the graph of own operators with the plain one. */
@EnabledOnOs(OS.LINUX)
class FusedPassesTest {

  private static final int BATCH = 5;
  private static final int CLASSES = 3;

  @BeforeAll
  static void linuxHasTheOperators() {
    assertTrue(NativeOps.areAvailable());
  }

  private static TrainingPlan plan() {
    CodebookPlan codebooks =
        new CodebookPlan(4, Selection.REFINED, CodebookStart.RANDOM, Assignment.NEAREST, 25, 1e-3f);
    return new TrainingPlan(10, Recipe.adam(1e-3f), codebooks, 1, 1);
  }

  /** Everything that one step of a graph computes, by name. */
  private static Map<String, float[]> step(
      Network network, Map<String, float[]> values, float[] pixels, int parts) {
    try (Graph graph = new Graph()) {
      TrainingGraph built =
          new TrainingGraph(
              TrainingDevice.CPU, graph, network, plan(), parts, LayerRates.EQUAL, null);
      try (Session session = new Session(graph)) {
        assign(session, built, values);
        Map<String, Operand<TFloat32>> fetched = new TreeMap<>();
        fetched.put("loss", built.loss().mean());
        fetched.put("training logits", built.trainingLogits());
        built.gradients().forEach((p, gradient) -> fetched.put(p.name(), gradient));
        Map<String, float[]> found = fetch(session, built, fetched, pixels);
        // Never in one run with a step: TensorFlow 2.18 then takes convolutions of both for one.
        found.putAll(fetch(session, built, Map.of("logits", built.logits()), pixels));
        return found;
      }
    }
  }

  private static Map<String, float[]> fetch(
      Session session,
      TrainingGraph built,
      Map<String, Operand<TFloat32>> fetched,
      float[] pixels) {
    int[] labels = new int[BATCH];
    for (int i = 0; i < BATCH; i++) {
      labels[i] = i % CLASSES;
    }
    // Some gradients are one and the same tensor, which a run returns once only.
    List<Output<TFloat32>> outputs =
        fetched.values().stream().map(Operand::asOutput).distinct().toList();
    Session.Runner runner = session.runner();
    outputs.forEach(runner::fetch);
    Map<String, float[]> found = new TreeMap<>();
    try (TFloat32 images = tensor(Shape.of(BATCH, pixels.length / BATCH), pixels);
        TInt32 classes = TInt32.vectorOf(labels);
        Result result =
            runner.feed(built.pixels(), images).feed(built.loss().labels(), classes).run()) {
      fetched.forEach(
          (name, operand) -> {
            Tensor tensor = result.get(outputs.indexOf(operand.asOutput()));
            float[] read = new float[(int) tensor.size()];
            tensor.asRawTensor().data().asFloats().read(read);
            found.put(name, read);
          });
    }
    return found;
  }

  private static TFloat32 tensor(Shape shape, float[] values) {
    return TFloat32.tensorOf(shape, DataBuffers.of(values));
  }

  /** In one run, since TensorFlow works through the whole graph for every new set of targets. */
  private static void assign(Session session, TrainingGraph built, Map<String, float[]> values) {
    Map<Parameter, float[]> all = new HashMap<>();
    built.parameters().all().forEach(p -> all.put(p, values.get(p.name())));
    built.subBitWeights().values().forEach(w -> all.put(w.codewords(), taps(w.codewords())));
    List<TFloat32> tensors = new ArrayList<>();
    Session.Runner runner = session.runner();
    all.forEach(
        (parameter, value) -> {
          tensors.add(tensor(parameter.shape(), value));
          runner
              .feed(parameter.newValue(), tensors.get(tensors.size() - 1))
              .addTarget(parameter.assign());
        });
    runner.run().close();
    tensors.forEach(TFloat32::close);
  }

  private static float[] taps(Parameter codewords) {
    float[] taps = new float[(int) codewords.shape().size()];
    for (int i = 0; i < taps.length; i++) {
      taps[i] = (i / 9 * 31 >> i % 9 & 1) == 1 ? 1 : -1;
    }
    return taps;
  }

  /**
   * Shifts, slopes and the like start alike in every channel; here each is its own. Latent weights
   * are of one magnitude, a power of two: then TensorFlow's float sums of signs are as exact as
   * counted bits, and values that tie in a max pooling tie in both graphs.
   */
  private static Map<String, float[]> parameters(Network network, SplittableRandom rng) {
    Map<String, float[]> values = InitialParameters.draw(network, rng);
    values.forEach(
        (name, numbers) -> {
          for (int i = 0; i < numbers.length; i++) {
            numbers[i] += name.endsWith("/weight") ? 0 : (float) rng.nextDouble(-0.2, 0.2);
          }
        });
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv && conv.weights() == Weights.SUB_BIT) {
        float[] latent = values.get(node.name() + "/weight");
        for (int i = 0; i < latent.length; i++) {
          latent[i] = Math.copySign(1f / 32, latent[i]);
        }
      }
    }
    return values;
  }

  private static float[] pixels(Network network, SplittableRandom rng) {
    float[] pixels = new float[BATCH * network.input().size()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = rng.nextInt(256);
    }
    return pixels;
  }

  private static void assertSameStep(Network network, double tolerance, int... allParts) {
    SplittableRandom rng = new SplittableRandom(5);
    Map<String, float[]> values = parameters(network, rng);
    float[] pixels = pixels(network, rng);
    Map<String, float[]> plain = step(network, values, pixels, 0);
    for (int parts : allParts) {
      Map<String, float[]> fused = step(network, values, pixels, parts);
      assertEquals(plain.keySet(), fused.keySet());
      List<String> different = new ArrayList<>();
      plain.forEach(
          (name, expected) -> {
            double largest = 0;
            double error = 0;
            for (int i = 0; i < expected.length; i++) {
              largest = Math.max(largest, Math.abs(expected[i]));
              error = Math.max(error, Math.abs(expected[i] - fused.get(name)[i]));
            }
            if (!(error <= tolerance * largest + 1e-7)) {
              different.add(name + ": " + (float) error + " of " + (float) largest);
            }
          });
      assertTrue(different.isEmpty(), parts + " parts: " + different);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "resnet8, 1, 12, SUB_BIT, REAL",
    "resnet8, 1, 12, SUB_BIT, BINARY",
    "resnet8, 3, 9, FLOAT, BINARY",
    "resnet8, 3, 9, FLOAT, REAL",
    "vgg-small, 3, 8, SUB_BIT, REAL",
    "vgg-small, 3, 16, SUB_BIT, BINARY"
  })
  void equalsThePlainGraph(
      String name, int channels, int size, Weights weights, Activations activations) {
    ImageShape image = new ImageShape(channels, size, size);
    assertSameStep(Networks.build(name, image, CLASSES, weights, activations), 1e-5, 1, 2, 5);
  }

  @ParameterizedTest
  @CsvSource({"3, BINARY", "1, REAL"})
  void equalsThePlainGraphOfDeepNetworks(int channels, Activations activations) {
    ImageShape image = new ImageShape(channels, 16, 16);
    assertSameStep(
        Networks.build("resnet18", image, CLASSES, Weights.SUB_BIT, activations), 1e-5, 2);
  }

  private static Network.Node node(String name, Layer layer, String... inputs) {
    return new Network.Node(name, layer, List.of(inputs));
  }

  private static Layer.Conv conv(int in, int out, int kernel, int stride, Activations activations) {
    return new Layer.Conv(in, out, kernel, stride, Weights.FLOAT, activations);
  }

  /** Shifts and bends where networks that are built by name have none, and two that are added. */
  @Test
  void equalsThePlainGraphInUnusualOrders() {
    Network network =
        new Network(
            "test",
            new ImageShape(2, 7, 6),
            CLASSES,
            List.of(
                node("image", new Layer.Input()),
                node("scaled", new Layer.Normalize(2f / 255, -1), "image"),
                node("stem", conv(2, 5, 3, 1, Activations.REAL), "scaled"),
                node("bn", new Layer.BatchNorm(5), "stem"),
                node("shift", new Layer.Shift(5), "bn"),
                node("a", conv(5, 5, 3, 1, Activations.BINARY), "shift"),
                node("an", new Layer.BatchNorm(5), "a"),
                node("b", conv(5, 5, 1, 1, Activations.BINARY), "shift"),
                node("bnorm", new Layer.BatchNorm(5), "b"),
                node("sum", new Layer.Add(), "an", "bnorm"),
                node("bend", new Layer.PRelu(5), "sum"),
                node("c", conv(5, 6, 3, 2, Activations.BINARY), "bend"),
                node("cn", new Layer.BatchNorm(6), "c"),
                node("before", new Layer.Shift(6), "cn"),
                node("relu", new Layer.Relu(), "before"),
                node("after", new Layer.Shift(6), "relu"),
                node("down", new Layer.AveragePool(), "after"),
                node("flat", new Layer.Flatten(), "down"),
                node("logits", new Layer.Dense(24, CLASSES), "flat")));
    assertTrue(new FusedUnits(network).coverAll());
    assertSameStep(network, 1e-5, 1, 2, 5);
  }

  @Test
  void leavesNetworksWithOtherShiftsToThePlainGraph() {
    Network network =
        new Network(
            "test",
            new ImageShape(1, 4, 4),
            CLASSES,
            List.of(
                node("image", new Layer.Input()),
                node("stem", conv(1, 4, 3, 1, Activations.REAL), "image"),
                node("shift", new Layer.Shift(4), "stem"),
                node("pool", new Layer.GlobalAveragePool(), "shift"),
                node("logits", new Layer.Dense(4, CLASSES), "pool")));
    assertFalse(new FusedUnits(network).coverAll());
    assertSameStep(network, 1e-6, 1, 2);
  }

  @Test
  void givesTheSameBitsAgain() {
    Network network =
        Networks.build(
            "resnet8", new ImageShape(1, 12, 12), CLASSES, Weights.SUB_BIT, Activations.BINARY);
    SplittableRandom rng = new SplittableRandom(5);
    Map<String, float[]> values = parameters(network, rng);
    float[] pixels = pixels(network, rng);
    Map<String, float[]> first = step(network, values, pixels, 2);
    Map<String, float[]> second = step(network, values, pixels, 2);
    first.forEach((name, expected) -> assertArrayEquals(expected, second.get(name), name));
  }
}

package dev.subbit.tribuo.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.IntegerLayer;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The integers of a network against what its float layers compute. */
class IntegerDerivationTest {

  @ParameterizedTest
  @CsvSource({"16", "12", "9"})
  void everyLayerOfRandomNetworksIsItsFloatLayerUpToRounding(int width) {
    for (int seed = 0; seed < 40; seed++) {
      TrainedNetwork trained =
          IntegerNetworks.quantized(IntegerNetworks.anyNetwork(new Random(seed)), width, seed);
      assertEveryLayerRounds(trained, "seed " + seed);
    }
  }

  @ParameterizedTest
  @CsvSource({"resnet8, 1, 11, 16", "resnet20, 3, 8, 12", "vgg-small, 1, 6, 16"})
  void everyLayerOfNamedNetworksIsItsFloatLayerUpToRounding(
      String name, int channels, int side, int width) {
    assertEveryLayerRounds(
        IntegerNetworks.named(name, new ImageShape(channels, side, side - 1), width, 5), name);
  }

  /**
   * Computes each layer in floats from the values that the integer layers before it gave, so that
   * signs agree, and compares.
   */
  private static void assertEveryLayerRounds(TrainedNetwork trained, String name) {
    ReferenceIntegers integers = new ReferenceIntegers(trained);
    ReferenceForward floats = new ReferenceForward(IntegerNetworks.inFloats(trained));
    float[] image = RandomNetworks.image(trained.network().input(), new Random(9));
    Map<String, float[]> values = integers.run(image);
    float unit = Math.scalb(1f, -trained.integers().get().fractionBits());
    for (int i = 0; i < integers.parts().size(); i++) {
      IntegerPart part = integers.parts().get(i);
      Map<String, float[]> given = new HashMap<>(values);
      given.remove(part.value());
      given.remove(trained.network().output().name());
      float[] expected = floats.run(image, given).get(part.value());
      float[] actual = values.get(part.value());
      double bound = bound(integers.layers().get(i), unit) + 1e-4;
      for (int j = 0; j < actual.length; j++) {
        assertEquals(expected[j], actual[j], bound, name + " at " + part.value() + " " + j);
      }
    }
  }

  /** What the roundings of a layer may add up to, in real values. */
  private static double bound(IntegerLayer layer, double unit) {
    if (layer instanceof IntegerLayer.Conv) {
      // The product, the multiplier and the bias, each by half a unit.
      return 1.5 * unit;
    } else if (layer instanceof IntegerLayer.Block block) {
      double slope = 1;
      for (short value : block.slope()) {
        slope = Math.max(slope, Math.abs(Math.scalb((double) value, block.slopeShift() - 15)));
      }
      // As above, times the slope; the slope and its product, moved up; the shift behind.
      return (1.5 * slope + Math.scalb(1.0, block.slopeShift()) + 0.5) * unit;
    } else if (layer instanceof IntegerLayer.Stem stem) {
      int perChannel = stem.weight().length / stem.bias().length;
      // A weight is wrong by half a step, and so is the pixel of the padding.
      return weightBound(stem.multiplier(), stem.shift(), perChannel * (128 + 64), unit);
    } else if (layer instanceof IntegerLayer.Shortcut shortcut) {
      int perChannel = shortcut.weight().length / shortcut.bias().length;
      // Inputs are at most what an activation can hold; their means are wrong by half a unit.
      double inputs = Math.scalb(1.0, shortcut.width() - 1) / 2 + 64;
      return weightBound(shortcut.multiplier(), shortcut.shift(), perChannel * inputs, unit);
    }
    IntegerLayer.Classifier classifier = (IntegerLayer.Classifier) layer;
    double largest = 0;
    for (float scale : classifier.scale()) {
      largest = Math.max(largest, scale);
    }
    int perClass = classifier.weight().length / classifier.scale().length;
    return largest * perClass * (Math.scalb(1.0, 15) / 2 + 64);
  }

  /** The sum of the weights' errors, scaled; then the sum, the factor, the product, the bias. */
  private static double weightBound(short[] multiplier, int shift, double sum, double unit) {
    int largest = 0;
    for (short value : multiplier) {
      largest = Math.max(largest, Math.abs(value));
    }
    return (Math.scalb(sum * largest, -15 - shift) + 0.5 + 0.5 + 0.5 + 0.5) * unit;
  }

  /**
   * Shortcuts carry values past the signs. A random network without them is not among these: there
   * each sign that a rounding turns around turns others around in the next layer.
   */
  @ParameterizedTest
  @CsvSource({
    "resnet8, 1, 12, 16, 0.1",
    "resnet8, 1, 12, 12, 0.2",
    "resnet20, 3, 8, 16, 0.15",
    "resnet20, 3, 8, 12, 0.3"
  })
  void logitsStayCloseToThoseOfTheFloatNetwork(
      String name, int channels, int side, int width, double bound) {
    TrainedNetwork trained =
        IntegerNetworks.named(name, new ImageShape(channels, side, side), width, 5);
    ReferenceIntegers integers = new ReferenceIntegers(trained);
    ReferenceForward floats = new ReferenceForward(IntegerNetworks.inFloats(trained));
    Random random = new Random(9);
    double error = 0;
    double spread = 0;
    for (int i = 0; i < 6; i++) {
      float[] image = RandomNetworks.image(trained.network().input(), random);
      float[] expected = IntegerNetworks.logits(trained, floats.run(image));
      float[] actual = IntegerNetworks.logits(trained, integers.run(image));
      for (int k = 0; k < expected.length; k++) {
        error += Math.pow(actual[k] - expected[k], 2);
        spread += Math.pow(expected[k], 2);
      }
    }
    double relative = Math.sqrt(error / spread);
    assertTrue(relative < bound, "the logits are wrong by " + relative + " of their size");
  }

  @Test
  void theSameNetworkGivesTheSameIntegers() {
    TrainedNetwork trained = IntegerNetworks.named("resnet8", new ImageShape(1, 6, 6), 16, 5);
    float[] image = RandomNetworks.image(trained.network().input(), new Random(9));
    assertArrayEquals(
        IntegerNetworks.logits(trained, new ReferenceIntegers(trained).run(image)),
        IntegerNetworks.logits(trained, new ReferenceIntegers(trained).run(image)));
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 12})
  void oneMoreFractionBitThanChosenDoesNotFit(int width) {
    TrainedNetwork trained = IntegerNetworks.named("resnet8", new ImageShape(1, 6, 6), width, 5);
    int chosen = trained.integers().get().fractionBits();
    Map<String, Float> peaks = IntegerNetworks.peaks(trained, 5);
    assertEquals(chosen, FractionBits.choose(trained, peaks, width));
    float largest = 0;
    for (String node : FractionBits.nodes(trained.network())) {
      largest = Math.max(largest, peaks.get(node));
    }
    boolean valueFits =
        largest <= Math.scalb((float) new IntegerForm(width, 1).largest(), -chosen - 1);
    TrainedNetwork finer = trained.withIntegers(new IntegerForm(width, chosen + 1));
    if (valueFits) {
      assertThrows(DoesNotFitException.class, () -> new ReferenceIntegers(finer));
    }
    assertTrue(largest <= Math.scalb((float) new IntegerForm(width, 1).largest(), -chosen));
  }

  @Test
  void namesTheLayerAndTheValueThatDoNotFit() {
    TrainedNetwork trained = IntegerNetworks.named("resnet8", new ImageShape(1, 6, 6), 16, 5);
    assertNoneFits(with(trained, "stage1.block0.before1/shift", 1e6f), "'stage1.block0.conv1'");
    assertNoneFits(with(trained, "stage1.block0.prelu1/slope", 9f), "the slope of channel 3 is 9");
    assertNoneFits(with(trained, "stem.bn/gamma", 1e9f), "'stem.conv'");
    assertNoneFits(with(trained, "stage2.block0.shortcut.bn/gamma", 1e9f), "shortcut.conv'");
    Map<String, Float> peaks = IntegerNetworks.peaks(trained, 5);
    peaks.put("stage2.block0.after1", 1e5f);
    assertRefused(trained, peaks, "'stage2.block0.after1'");
    peaks.remove("stage2.block0.after1");
    assertRefused(trained, peaks, "'stage2.block0.after1' is null");
  }

  private static void assertNoneFits(TrainedNetwork trained, String part) {
    Map<String, Float> peaks = new HashMap<>();
    FractionBits.nodes(trained.network()).forEach(node -> peaks.put(node, 1f));
    assertRefused(trained, peaks, part);
  }

  private static void assertRefused(TrainedNetwork trained, Map<String, Float> peaks, String part) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> FractionBits.choose(trained, peaks, 16))
            .getMessage();
    assertTrue(message.contains(part), message);
  }

  private static TrainedNetwork with(TrainedNetwork trained, String parameter, float value) {
    Map<String, float[]> floats = new HashMap<>(trained.floats());
    float[] values = floats.get(parameter).clone();
    values[3] = value;
    floats.put(parameter, values);
    return new TrainedNetwork(trained.network(), floats, trained.packed(), Map.of());
  }

  @Test
  void refusesToPoolBeforeANegativeScale() {
    TrainedNetwork random =
        RandomNetworks.weigh(IntegerNetworks.build("vgg-small", new ImageShape(1, 6, 6), 4), 4, 5);
    Map<String, Float> peaks = new HashMap<>();
    FractionBits.nodes(random.network()).forEach(node -> peaks.put(node, 1f));
    assertRefused(random, peaks, "'conv1': a max pooling follows it");
  }
}

package dev.subbit.tribuo.training.internal.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.codebook.TestPlans;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Training in the arithmetic of the integer form. */
class IntegerTrainingTest {

  private static final ImageShape SHAPE = new ImageShape(1, 6, 6);
  private static final int CLASSES = 3;
  private static final int CHANNELS = 4;
  private static final int BATCH = 8;
  private static final int FLOATS = 0;
  private static final int MANY_BITS = IntegerForm.MAX_FRACTION_BITS;

  /** A stem, one block and a classifier. */
  private final Network network =
      new Network(
          "test",
          SHAPE,
          CLASSES,
          List.of(
              node("image", new Layer.Input()),
              node("scaled", new Layer.Normalize(2f / 255, -1), "image"),
              node("stem", conv(1, CHANNELS, Weights.FLOAT, Activations.REAL), "scaled"),
              node("stem.bn", new Layer.BatchNorm(CHANNELS), "stem"),
              node("threshold", new Layer.Shift(CHANNELS), "stem.bn"),
              node(
                  "conv",
                  conv(CHANNELS, CHANNELS, Weights.SUB_BIT, Activations.BINARY),
                  "threshold"),
              node("bn", new Layer.BatchNorm(CHANNELS), "conv"),
              node("add", new Layer.Add(), "bn", "stem.bn"),
              node("before", new Layer.Shift(CHANNELS), "add"),
              node("prelu", new Layer.PRelu(CHANNELS), "before"),
              node("after", new Layer.Shift(CHANNELS), "prelu"),
              node("pool", new Layer.GlobalAveragePool(), "after"),
              node("classifier", new Layer.Dense(CHANNELS, CLASSES), "pool")));

  private static Network.Node node(String name, Layer layer, String... inputs) {
    return new Network.Node(name, layer, List.of(inputs));
  }

  private static Layer.Conv conv(int in, int out, Weights weights, Activations activations) {
    return new Layer.Conv(in, out, 3, 1, weights, activations);
  }

  /**
   * Parameters that the form with the most bits behind the point holds nearly as they are: values
   * stay within 2, and weights are whole multiples of a 127th of the largest of their output.
   */
  private Map<String, float[]> smallParameters() {
    Map<String, float[]> parameters =
        new HashMap<>(InitialParameters.draw(network, new SplittableRandom(3)));
    Random random = new Random(4);
    for (String norm : List.of("stem.bn", "bn")) {
      parameters.put(norm + "/gamma", drawn(CHANNELS, () -> 0.1f + 0.05f * random.nextFloat()));
      parameters.put(norm + "/beta", drawn(CHANNELS, () -> 0.1f * (float) random.nextGaussian()));
    }
    for (String shift : List.of("threshold", "before", "after")) {
      parameters.put(
          shift + "/shift", drawn(CHANNELS, () -> 0.05f * (float) random.nextGaussian()));
    }
    parameters.put("prelu/slope", drawn(CHANNELS, () -> 0.2f + 0.3f * random.nextFloat()));
    parameters.put("stem/weight", inEightBits(CHANNELS, 9, random));
    parameters.put("classifier/weight", inEightBits(CLASSES, CHANNELS, random));
    return parameters;
  }

  private static float[] drawn(int count, Supplier<Float> numbers) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = numbers.get();
    }
    return values;
  }

  private static float[] inEightBits(int outputs, int inputs, Random random) {
    float[] weights = new float[outputs * inputs];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (i % inputs == 0 ? 127 : random.nextInt(-127, 128)) / 127f;
    }
    return weights;
  }

  private static TrainingPlan plan(int width) {
    // Without momentum, what a step takes from a parameter is the rate times its gradient.
    Recipe recipe = new Recipe(Optimiser.SGD, Schedule.LINEAR, 1, 0, 0, 0, 0, 0, 1);
    return new TrainingPlan(
        2, 0, 0, recipe, TestPlans.codebooks(5), width, Precision.FLOAT32, 1, 5);
  }

  private static TrainingRun start(
      Network network, int width, int fractionBits, Map<String, float[]> parameters) {
    Map<String, float[]> all = new HashMap<>(parameters);
    all.put(TrainingEngine.FRACTION_BITS, new float[] {fractionBits});
    return TrainingEngine.load().start(network, plan(width), all);
  }

  private static float[] pixels() {
    Random random = new Random(6);
    float[] pixels = new float[BATCH * SHAPE.size()];
    for (int i = 0; i < BATCH; i++) {
      System.arraycopy(
          RandomNetworks.image(SHAPE, random), 0, pixels, i * SHAPE.size(), SHAPE.size());
    }
    return pixels;
  }

  private static int[] classes() {
    int[] classes = new int[BATCH];
    Arrays.setAll(classes, i -> i % CLASSES);
    return classes;
  }

  /** What one step takes from the parameters. */
  private Map<String, float[]> gradients(
      int width, int fractionBits, Map<String, float[]> parameters) {
    Map<String, float[]> gradients = new HashMap<>();
    try (TrainingRun run = start(network, width, fractionBits, parameters)) {
      run.step(Pixels.of(pixels()), classes());
      run.parameters()
          .forEach(
              (name, after) -> {
                if (name.endsWith("/mean") || name.endsWith("/variance")) {
                  return;
                }
                gradients.put(name, difference(parameters.get(name), after));
              });
    }
    return gradients;
  }

  private static float[] difference(float[] a, float[] b) {
    float[] difference = new float[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = a[i] - b[i];
    }
    return difference;
  }

  private static double size(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }

  @Test
  void gradientsAreThePlainOnesWhereNothingIsClipped() {
    Map<String, float[]> parameters = smallParameters();
    Map<String, float[]> plain = gradients(FLOATS, 0, parameters);
    Map<String, float[]> rounded = gradients(IntegerForm.MAX_WIDTH, MANY_BITS, parameters);
    assertEquals(plain.keySet(), rounded.keySet());
    plain.forEach(
        (name, wanted) -> {
          assertTrue(size(wanted) > 0, name);
          double share = size(difference(rounded.get(name), wanted)) / size(wanted);
          assertTrue(share < 0.02, name + " differs by " + share);
        });
  }

  @Test
  void gradientsStopWhereAValueIsClipped() {
    Map<String, float[]> parameters = smallParameters();
    // 12 bits of which 10 are behind the point end at 2, and all values of this channel lie above.
    parameters.get("after/shift")[2] = 3;
    Map<String, float[]> plain = gradients(FLOATS, 0, parameters);
    Map<String, float[]> rounded = gradients(12, 10, parameters);
    for (String name : List.of("after/shift", "prelu/slope", "before/shift", "bn/gamma")) {
      assertNotEquals(0, plain.get(name)[2], name);
      assertEquals(0, rounded.get(name)[2], name);
      assertNotEquals(0, rounded.get(name)[1], name);
    }
  }

  @Test
  void aRunGoesOnFromItsStateWithTheSameForm() {
    Map<String, float[]> parameters = smallParameters();
    TrainingState state;
    float[] wanted;
    try (TrainingRun run = start(network, 12, 9, parameters)) {
      run.step(Pixels.of(pixels()), classes());
      state = run.state();
      run.step(Pixels.of(pixels()), classes());
      wanted = run.logits(Pixels.of(pixels()));
      assertEquals(new IntegerForm(12, 9), run.network().integers().orElseThrow());
    }
    // As after an interruption: from the first parameters, which know no form.
    try (TrainingRun run = TrainingEngine.load().start(network, plan(12), parameters)) {
      run.restore(state);
      run.step(Pixels.of(pixels()), classes());
      assertArrayEquals(wanted, run.logits(Pixels.of(pixels())));
      assertEquals(new IntegerForm(12, 9), run.network().integers().orElseThrow());
    }
  }

  @Test
  void logitsComeNearerToTheFloatOnesWithEveryBit() {
    Map<String, float[]> parameters = smallParameters();
    float[] wanted;
    try (TrainingRun run = TrainingEngine.load().start(network, plan(FLOATS), parameters)) {
      wanted = run.logits(Pixels.of(pixels()));
    }
    double[] distances = new double[3];
    int[] bits = {4, 8, MANY_BITS};
    for (int i = 0; i < bits.length; i++) {
      try (TrainingRun run = start(network, IntegerForm.MAX_WIDTH, bits[i], parameters)) {
        distances[i] = size(difference(run.logits(Pixels.of(pixels())), wanted)) / size(wanted);
      }
    }
    assertTrue(distances[0] > 2 * distances[1] && distances[2] < 0.02, Arrays.toString(distances));
  }

  /** A schedule in two parts has the rates of the whole one. */
  @Test
  void partsOfAScheduleHaveTheRatesOfTheWhole() {
    Recipe recipe = Recipe.adam(0.01f);
    TrainingPlan whole = new TrainingPlan(7, recipe, TestPlans.codebooks(5), 1, 1);
    TrainingPlan first =
        new TrainingPlan(4, 0, 3, recipe, TestPlans.codebooks(5), 0, Precision.FLOAT32, 1, 1);
    TrainingPlan second =
        new TrainingPlan(3, 4, 0, recipe, TestPlans.codebooks(5), 16, Precision.FLOAT32, 1, 1);
    for (int step = 0; step < 7; step++) {
      TrainingPlan part = step < 4 ? first : second;
      int inPart = step < 4 ? step : step - 4;
      assertEquals(whole.learningRate(step), part.learningRate(inPart));
      assertEquals(whole.codebookRate(step), part.codebookRate(inPart));
    }
  }
}

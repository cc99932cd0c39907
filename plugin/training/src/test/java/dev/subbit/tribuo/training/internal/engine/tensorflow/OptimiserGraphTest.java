package dev.subbit.tribuo.training.internal.engine.tensorflow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Steps of the optimisers against their textbook form in doubles. */
class OptimiserGraphTest {

  private static final int STEPS = 4;

  @ParameterizedTest
  @CsvSource({
    "ADAM, 0, 0, 0, 1",
    "ADAM, 0, 0.3, 0.5, 0.25",
    "SGD, 0, 0, 0, 1",
    "SGD, 0.9, 0, 0, 2",
    "SGD, 0.9, 0.3, 0.5, 0.25",
    "SGD, 0.5, 0.1, 100, 1"
  })
  void stepsAreThoseOfTheTextbook(
      Optimiser optimiser, float momentum, float decay, float clip, float rateOfB) {
    Recipe recipe = new Recipe(optimiser, Schedule.LINEAR, 0.1f, momentum, decay, 0, clip, 0, 1);
    LayerRates rates = new LayerRates(Map.of("b", rateOfB));
    double[][] expected = {{1, -2}, {0.5}};
    double[][] first = {{0, 0}, {0}};
    double[][] second = {{0, 0}, {0}};
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Parameter decayed = new Parameter(tf, "a/weight", 2);
      Parameter free = new Parameter(tf, "b/bias", 1);
      // The loss is half the sum of the squares, so that the gradient is the value.
      Map<Parameter, Operand<TFloat32>> gradients = new LinkedHashMap<>();
      gradients.put(decayed, decayed.value());
      gradients.put(free, free.value());
      OptimiserGraph built = new OptimiserGraph(tf, recipe, rates, gradients, p -> p == decayed);
      try (Session session = new Session(graph)) {
        assign(session, decayed, 1, -2);
        assign(session, free, 0.5f);
        built.slots().forEach(slot -> assign(session, slot, new float[(int) slot.shape().size()]));
        for (int step = 1; step <= STEPS; step++) {
          Session.Runner runner = session.runner();
          built.updates().forEach(runner::addTarget);
          try (Feeds feeds = new Feeds(runner)) {
            built.feed(feeds, 0.1f, step);
            runner.run().close();
          }
          reference(recipe, step, rateOfB, expected, first, second);
          assertValues(session, decayed, expected[0]);
          assertValues(session, free, expected[1]);
        }
      }
    }
  }

  private static void reference(
      Recipe recipe,
      int step,
      double rateOfB,
      double[][] values,
      double[][] first,
      double[][] second) {
    double norm = 0;
    for (double[] parameter : values) {
      for (double value : parameter) {
        norm += value * value;
      }
    }
    norm = Math.sqrt(norm);
    double factor =
        recipe.gradientClip() > 0 && norm > recipe.gradientClip()
            ? recipe.gradientClip() / norm
            : 1;
    for (int p = 0; p < values.length; p++) {
      double rate = p == 1 ? 0.1 * rateOfB : 0.1;
      for (int i = 0; i < values[p].length; i++) {
        double g = factor * values[p][i] + (p == 0 ? recipe.weightDecay() * values[p][i] : 0);
        if (recipe.optimiser() == Optimiser.SGD) {
          first[p][i] = recipe.momentum() * first[p][i] + g;
          values[p][i] -= rate * (g + recipe.momentum() * first[p][i]);
        } else {
          first[p][i] = 0.9 * first[p][i] + 0.1 * g;
          second[p][i] = 0.999 * second[p][i] + 0.001 * g * g;
          double m = first[p][i] / (1 - Math.pow(0.9, step));
          double v = second[p][i] / (1 - Math.pow(0.999, step));
          values[p][i] -= rate * m / (Math.sqrt(v) + 1e-8);
        }
      }
    }
  }

  private static void assign(Session session, Parameter parameter, float... values) {
    Session.Runner runner = session.runner().addTarget(parameter.assign());
    try (Feeds feeds = new Feeds(runner)) {
      feeds.feed(parameter.newValue(), Shape.of(values.length), values);
      runner.run().close();
    }
  }

  private static void assertValues(Session session, Parameter parameter, double[] expected) {
    try (Result result = session.runner().fetch(parameter.value()).run()) {
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], ((TFloat32) result.get(0)).getFloat(i), 1e-4, parameter.name());
      }
    }
  }
}

package dev.subbit.tribuo.training.internal.engine.tensorflow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** The loss against its definition in {@link Recipe}, its gradient against finite differences. */
class LossGraphTest {

  private static final int IMAGES = 3;
  private static final int CLASSES = 4;

  @ParameterizedTest
  @CsvSource({"0, 0, 1", "0.1, 0, 1", "0, 1, 1", "0.2, 0.3, 4", "0, 0.5, 0.5"})
  void isWhatTheRecipeDefines(float smoothing, float weight, float temperature) {
    Recipe recipe =
        new Recipe(Optimiser.ADAM, Schedule.LINEAR, 0.1f, 0, 0, smoothing, 0, weight, temperature);
    SplittableRandom rng = new SplittableRandom(5);
    float[] logits = new float[IMAGES * CLASSES];
    float[] teacher = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) rng.nextDouble(-2, 2);
      teacher[i] = (float) rng.nextDouble(-2, 2);
    }
    double[] values = new double[logits.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = logits[i];
    }
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Shape shape = Shape.of(IMAGES, CLASSES);
      Placeholder<TFloat32> input =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, CLASSES)));
      LossGraph loss = new LossGraph(tf, input, CLASSES, recipe);
      try (Session session = new Session(graph)) {
        Session.Runner runner = session.runner().fetch(loss.mean()).fetch(loss.logitsGradient());
        try (Feeds feeds = new Feeds(runner)) {
          feeds.feed(input, shape, logits);
          feeds.feed(loss.labels(), new int[] {0, 1, 2});
          if (recipe.distils()) {
            feeds.feed(loss.teacherLogits(), shape, teacher);
          }
          try (Result result = runner.run()) {
            assertEquals(
                reference(values, teacher, recipe), ((TFloat32) result.get(0)).getFloat(), 1e-5);
            for (int i = 0; i < values.length; i++) {
              double value = values[i];
              values[i] = value + 1e-5;
              double up = reference(values, teacher, recipe);
              values[i] = value - 1e-5;
              double down = reference(values, teacher, recipe);
              values[i] = value;
              assertEquals(
                  (up - down) / 2e-5,
                  ((TFloat32) result.get(1)).getFloat(i / CLASSES, i % CLASSES),
                  1e-5);
            }
          }
        }
      }
    }
  }

  /** The mean over the images; the class of image i is i. */
  private static double reference(double[] logits, float[] teacher, Recipe recipe) {
    double sum = 0;
    for (int image = 0; image < IMAGES; image++) {
      double[] p = softmax(logits, image, 1);
      double[] cool = softmax(logits, image, recipe.temperature());
      double[] taught = softmax(doubles(teacher), image, recipe.temperature());
      double crossEntropy = 0;
      double divergence = 0;
      for (int c = 0; c < CLASSES; c++) {
        double target =
            recipe.labelSmoothing() / CLASSES + (c == image ? 1 - recipe.labelSmoothing() : 0);
        crossEntropy -= target * Math.log(p[c]);
        divergence += taught[c] * Math.log(taught[c] / cool[c]);
      }
      double t = recipe.temperature();
      sum +=
          (1 - recipe.distillationWeight()) * crossEntropy
              + recipe.distillationWeight() * t * t * divergence;
    }
    return sum / IMAGES;
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  private static double[] softmax(double[] logits, int image, double temperature) {
    double[] p = new double[CLASSES];
    double sum = 0;
    for (int c = 0; c < CLASSES; c++) {
      p[c] = Math.exp(logits[image * CLASSES + c] / temperature);
      sum += p[c];
    }
    for (int c = 0; c < CLASSES; c++) {
      p[c] /= sum;
    }
    return p;
  }
}

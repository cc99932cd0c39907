package dev.subbit.tribuo.training.internal.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.GraphTuner;
import dev.subbit.tribuo.quantizer.QuantizationProgress;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Trains a fitted graph end to end: first all but the choice of codewords, then everything, and at
 * the end all but that choice again. After every pass the state is written into the graph and
 * measured in ONNX Runtime on samples that are not trained on; the best one is kept, or the fit
 * itself.
 */
public final class GraphTraining implements GraphTuner {

  /** Name under which a feed holds the class of each sample, int64 of one axis. */
  public static final String LABELS = "subbit.labels";

  /** Samples that are measured at a time. */
  private static final int MEASURED = 64;

  /** Batches that statistics before the first step come from. */
  private static final int STATISTICS = 8;

  /** Numbers of the teacher's that are kept, 256 MB; beyond, the teacher runs before every step. */
  private static final long KEPT = 1L << 26;

  private final GraphTrainingSettings settings;
  private final Consumer<TrainingRound> listener;

  /**
   * Makes a training.
   *
   * @param settings how to train.
   * @param listener receives what the start and every pass came to, on the thread that trains.
   */
  public GraphTraining(GraphTrainingSettings settings, Consumer<TrainingRound> listener) {
    this.settings = settings;
    this.listener = listener;
  }

  @Override
  public void requireTrainable(ModelProto model, List<ConvLayer> layers, Calibration calibration) {
    new Work(model, calibration).task(List.of()).close();
  }

  @Override
  public Tuned tune(
      ModelProto model,
      Map<ConvLayer, StagedWeights> fitted,
      Calibration calibration,
      QuantizationProgress progress) {
    Work work = new Work(model, calibration);
    return work.train(fitted, progress);
  }

  /** The training of one graph. */
  private final class Work {
    private final ModelProto model;
    private final GraphSamples samples;
    private final int[] trained;
    private final int batch;
    private final List<String> learned;
    private final float[] variances;
    private final List<Feed> checks;
    private final List<Map<String, FloatArray>> wanted = new ArrayList<>();
    private final Optional<String> classes;
    private final Map<Integer, Map<String, FloatArray>> kept = new HashMap<>();

    Work(ModelProto model, Calibration calibration) {
      this.model = model;
      this.samples = new GraphSamples(calibration.fit());
      this.trained = samples.trained();
      int fixed = fixedBatch(model);
      this.batch = fixed > 0 ? fixed : Math.min(settings.batchSize(), trained.length);
      this.checks = samples.batches(samples.checked(), fixed > 0 ? fixed : MEASURED, fixed > 0);
      List<String> values = LearnedValues.of(model.getGraph());
      Map<String, OutputError> errors = new LinkedHashMap<>();
      values.forEach(value -> errors.put(value, new OutputError()));
      try (TeacherValues teacher = new TeacherValues(model, values)) {
        for (Feed check : checks) {
          Map<String, FloatArray> found = teacher.of(check);
          wanted.add(found);
          errors.forEach((name, error) -> error.add(found.get(name), found.get(name)));
        }
      }
      this.learned = values.stream().filter(value -> errors.get(value).variance() > 0).toList();
      if (learned.isEmpty()) {
        throw new IllegalArgumentException(
            "The model's outputs are the same for all samples, so there is nothing to learn from");
      }
      this.variances = new float[learned.size()];
      for (int i = 0; i < variances.length; i++) {
        variances[i] = (float) errors.get(learned.get(i)).variance();
      }
      this.classes = settings.labelShare() > 0 ? Optional.of(classes()) : Optional.empty();
    }

    private int fixedBatch(ModelProto model) {
      return (int)
          ModelInput.of(model).stream()
              .filter(input -> input.shape() != null && input.shape().length > 0)
              .mapToLong(input -> Math.max(0, input.shape()[0]))
              .max()
              .orElse(0);
    }

    /** The value whose rows are the logits of the labels' classes. */
    private String classes() {
      for (int i = 0; i < checks.size(); i++) {
        int[] labels =
            GraphSamples.labels(checks.get(i))
                .orElseThrow(
                    () ->
                        new IllegalArgumentException(
                            "There are no labels to learn from: give images with labels, or learn"
                                + " from the float model alone"));
        FloatArray logits = wanted.get(i).get(learned.get(0));
        int count = logits.values().length / labels.length;
        int most = Arrays.stream(labels).max().orElse(0);
        if (most >= count) {
          throw new IllegalArgumentException(
              "The output that labels are learnt by, '"
                  + learned.get(0)
                  + "', has "
                  + count
                  + " numbers for each sample; a label is class "
                  + (most + 1));
        }
      }
      return learned.get(0);
    }

    GraphRun task(List<SubBitStart> starts) {
      int[] first = Arrays.copyOf(trained, batch);
      GraphTask task =
          new GraphTask(
              model,
              starts,
              learned,
              variances,
              classes,
              (float) settings.labelShare(),
              settings.trainsRest(),
              samples.batch(first),
              settings.threads());
      return GraphEngine.load().start(task);
    }

    Tuned train(Map<ConvLayer, StagedWeights> fitted, QuantizationProgress progress) {
      Tuned best = new Tuned(model, fitted);
      double least = error(best);
      listener.accept(new TrainingRound(0, Double.NaN, least));
      int perEpoch = trained.length / batch;
      long steps = (long) perEpoch * settings.epochs();
      long start = System.nanoTime();
      RandomPlace orders = RandomPlace.of(settings.seed()).at("graph");
      try (TeacherValues teacher = new TeacherValues(model, learned);
          GraphRun run = task(starts(fitted))) {
        long step = 0;
        double done = 0;
        for (int epoch = 1; epoch <= settings.epochs() && done < 1; epoch++) {
          int[] order = shuffled(orders.at(epoch));
          double sum = 0;
          int taken = 0;
          for (int i = 0; i < perEpoch && done < 1; i++) {
            progress.at((int) step, (int) steps, "training, pass " + epoch);
            int[] some = Arrays.copyOfRange(order, i * batch, (i + 1) * batch);
            Feed feed = samples.batch(some);
            double loss =
                run.step(
                    feed,
                    targets(teacher, some, feed),
                    GraphSamples.labels(feed).orElse(new int[0]),
                    trained(done),
                    (float) (settings.rate() * (1 + Math.cos(Math.PI * done)) / 2));
            if (!Double.isFinite(loss)) {
              throw new IllegalArgumentException(
                  "Training diverged in pass " + epoch + "; take a smaller learning rate");
            }
            sum += loss;
            taken++;
            step++;
            done = Math.max((double) step / steps, timeSpent(start));
          }
          Tuned state = run.state();
          double error = error(state);
          listener.accept(new TrainingRound(epoch, sum / Math.max(1, taken), error));
          if (error < least) {
            least = error;
            best = state;
          }
        }
        progress.at((int) steps, (int) steps, "");
      }
      return best;
    }

    /** What changes after a share of the training. */
    private Set<Trained> trained(double done) {
      return CodewordPace.of(settings.labelShare()).changesAt(done)
          ? EnumSet.allOf(Trained.class)
          : EnumSet.of(Trained.SCALES, Trained.REST);
    }

    private int[] shuffled(RandomPlace place) {
      SplittableRandom numbers = place.numbers();
      int[] order = trained.clone();
      for (int i = order.length - 1; i > 0; i--) {
        int other = numbers.nextInt(i + 1);
        int moved = order[i];
        order[i] = order[other];
        order[other] = moved;
      }
      return order;
    }

    /** The share of the time that may be spent. */
    private double timeSpent(long start) {
      return settings.minutes() <= 0
          ? 0
          : (System.nanoTime() - start) / (6e10 * settings.minutes());
    }

    private Map<String, FloatArray> targets(TeacherValues teacher, int[] some, Feed feed) {
      if (settings.labelShare() == 1) {
        return Map.of();
      }
      long each =
          wanted.get(0).entrySet().stream()
                  .filter(entry -> learned.contains(entry.getKey()))
                  .mapToLong(entry -> entry.getValue().values().length)
                  .sum()
              / checks.get(0).samples();
      if (each * trained.length > KEPT) {
        return teacher.of(feed);
      }
      if (!Arrays.stream(some).allMatch(kept::containsKey)) {
        Map<String, FloatArray> values = teacher.of(feed);
        for (int i = 0; i < some.length; i++) {
          Map<String, FloatArray> own = new HashMap<>();
          int at = i;
          values.forEach((name, value) -> own.put(name, row(value, at)));
          kept.put(some[i], own);
        }
        return values;
      }
      Map<String, FloatArray> joined = new LinkedHashMap<>();
      for (String name : learned) {
        long[] shape = kept.get(some[0]).get(name).shape().clone();
        shape[0] = some.length;
        int size = kept.get(some[0]).get(name).values().length;
        float[] all = new float[size * some.length];
        for (int i = 0; i < some.length; i++) {
          System.arraycopy(kept.get(some[i]).get(name).values(), 0, all, i * size, size);
        }
        joined.put(name, new FloatArray(shape, all));
      }
      return joined;
    }

    private static FloatArray row(FloatArray values, int row) {
      long[] shape = values.shape().clone();
      int each = values.values().length / (int) shape[0];
      shape[0] = 1;
      return new FloatArray(
          shape, Arrays.copyOfRange(values.values(), row * each, (row + 1) * each));
    }

    /** The error of the model as it would be written, on the samples that are not trained on. */
    private double error(Tuned state) {
      Map<String, OutputError> errors = new LinkedHashMap<>();
      learned.forEach(value -> errors.put(value, new OutputError()));
      long wrong = 0;
      long all = 0;
      ModelProto written =
          GraphEdits.replace(state.model(), state.layers(), GraphEdits.Form.DECODED);
      try (TeacherValues student = new TeacherValues(written, learned)) {
        for (int i = 0; i < checks.size(); i++) {
          Map<String, FloatArray> found = student.of(checks.get(i));
          Map<String, FloatArray> teacher = wanted.get(i);
          errors.forEach((name, error) -> error.add(teacher.get(name), found.get(name)));
          if (classes.isPresent()) {
            int[] labels = GraphSamples.labels(checks.get(i)).orElseThrow();
            wrong += wrong(found.get(classes.get()).values(), labels);
            all += labels.length;
          }
        }
      }
      double noise = 0;
      for (int i = 0; i < variances.length; i++) {
        noise += errors.get(learned.get(i)).meanSquare() / variances[i] / variances.length;
      }
      return classes.isEmpty()
          ? noise
          : settings.labelShare() * wrong / all + (1 - settings.labelShare()) * noise;
    }

    private static long wrong(float[] logits, int[] labels) {
      int count = logits.length / labels.length;
      long wrong = 0;
      for (int i = 0; i < labels.length; i++) {
        int best = 0;
        for (int c = 1; c < count; c++) {
          if (logits[i * count + c] > logits[i * count + best]) {
            best = c;
          }
        }
        wrong += best == labels[i] ? 0 : 1;
      }
      return wrong;
    }

    private List<SubBitStart> starts(Map<ConvLayer, StagedWeights> fitted) {
      Map<ConvLayer, LayerMoments> moments =
          settings.normalisesBatches()
              ? BatchNorms.moments(
                  model,
                  fitted,
                  samples
                      .batches(trained, batch, true)
                      .subList(0, Math.min(STATISTICS, trained.length / batch)))
              : Map.of();
      List<SubBitStart> starts = new ArrayList<>();
      fitted.forEach(
          (layer, weights) ->
              starts.add(SubBitStart.of(layer, weights, Optional.ofNullable(moments.get(layer)))));
      return starts;
    }
  }
}

package dev.subbit.tribuo.training.internal.loop;

import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.training.internal.batches.BatchReader;
import dev.subbit.tribuo.training.internal.batches.ImageBatch;
import dev.subbit.tribuo.training.internal.batches.ImageBatches;
import dev.subbit.tribuo.training.internal.batches.Targets;
import dev.subbit.tribuo.training.internal.checkpoint.Checkpoint;
import dev.subbit.tribuo.training.internal.engine.Ranks;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.internal.engine.TrainingStage;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.EpochSums;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingEnd;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import dev.subbit.tribuo.training.metrics.TrainingStoppedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.logging.Logger;

/**
 * Takes a network through the stages of its training, from the beginning or from a checkpoint, and
 * reports its progress to listeners. Used for one training.
 */
public final class TrainingLoop {

  private static final Logger logger = Logger.getLogger(TrainingLoop.class.getName());

  private final List<TrainingStage> stages;
  private final ModelSelection selection;
  private final TrainingCheckpoints checkpoints;
  private final List<TrainingListener> listeners;
  private final BooleanSupplier stop;
  private Ranks ranks = Ranks.ALONE;

  // The position of the training: its stage, the finished epochs, and the steps of the next one.
  private int stage;
  private final List<EpochMetrics> history = new ArrayList<>();
  private EpochSums sums = EpochSums.NONE;

  /**
   * Prepares a loop for one training.
   *
   * @param stages the stages, at least one.
   * @param selection which epoch's network becomes the model.
   * @param checkpoints the checkpoints that the training is resumed from and that it writes.
   * @param listeners the listeners that receive steps and epochs.
   * @param stop asked after every step whether the training shall stop.
   */
  public TrainingLoop(
      List<TrainingStage> stages,
      ModelSelection selection,
      TrainingCheckpoints checkpoints,
      List<TrainingListener> listeners,
      BooleanSupplier stop) {
    this.stages = stages;
    this.selection = selection;
    this.checkpoints = checkpoints;
    this.listeners = listeners;
    this.stop = stop;
  }

  /**
   * Trains through all stages, from the checkpoint if there is one.
   *
   * @param initial the parameters that the first stage starts from.
   * @return the network that was selected.
   * @throws TrainingStoppedException if the training was stopped.
   * @throws IllegalStateException if the checkpoint cannot be resumed from.
   */
  public TrainedNetwork train(Map<String, float[]> initial) {
    return train(TrainingEngine.load(), initial);
  }

  /**
   * Trains through all stages, from the checkpoint if there is one, on a given engine. Where that
   * {@linkplain TrainingEngine#join joined} others, all go on from the checkpoint of rank 0, each
   * works on its slice of every batch, and what is reported is of all slices.
   *
   * @param engine the engine.
   * @param initial the parameters that the first stage starts from.
   * @return the network that was selected.
   * @throws TrainingStoppedException if the training was stopped, in whichever process.
   * @throws IllegalStateException if the checkpoint cannot be resumed from, or a process is lost.
   */
  public TrainedNetwork train(TrainingEngine engine, Map<String, float[]> initial) {
    ranks = engine.ranks();
    Optional<Checkpoint> own = checkpoints.read();
    Optional<Checkpoint> start =
        ranks.count() == 1 ? own : CommonStart.of(ranks, checkpoints.fingerprint(), own);
    start.ifPresent(this::goOnFrom);
    reportStart(start);
    Map<String, float[]> parameters = initial;
    while (true) {
      TrainingStage current = stages.get(stage);
      listeners.forEach(listener -> listener.preparing("building the graph"));
      // The networks of all stages have the same parameters, so that a run which goes on in a later
      // stage can be started from the first ones, too.
      try (TrainingRun run = current.start(engine, parameters)) {
        if (start.isPresent() && start.get().stage() == stage) {
          restore(run, start.get());
        }
        trainStage(run, initial);
        if (stage == stages.size() - 1) {
          return AveragedNetwork.use(
              current,
              run,
              history.size(),
              () -> {
                tellEnd(initial, run);
                return selection.best().orElseGet(run::network);
              });
        }
        stage++;
        TrainingStage next = stages.get(stage);
        parameters =
            AveragedNetwork.use(current, run, history.size(), () -> next.parametersAfter(run));
      }
    }
  }

  private void goOnFrom(Checkpoint checkpoint) {
    stage = checkpoint.stage();
    sums = checkpoint.sums();
    history.addAll(checkpoint.history());
    if (stage >= stages.size()
        || history.size() > epochsUpTo(stage)
        || sums.steps() >= batches().count()) {
      throw notThisTraining("it is at a place that this training does not have", null);
    }
    try {
      checkpoint.best().map(NetworkCodec::decode).ifPresent(selection::restore);
    } catch (IllegalArgumentException e) {
      throw notThisTraining(e.getMessage(), e);
    }
  }

  private void restore(TrainingRun run, Checkpoint checkpoint) {
    try {
      run.restore(checkpoint.state());
    } catch (IllegalArgumentException e) {
      throw notThisTraining(e.getMessage(), e);
    }
  }

  private IllegalStateException notThisTraining(String reason, Exception cause) {
    return new IllegalStateException(
        "Cannot go on from the checkpoint "
            + checkpoints.file().map(Path::toString).orElse("of task 0")
            + ": "
            + reason
            + ". Delete it to train from the beginning",
        cause);
  }

  private void reportStart(Optional<Checkpoint> checkpoint) {
    Optional<Path> file = checkpoint.flatMap(found -> checkpoints.file());
    TrainingStart start =
        new TrainingStart(
            step(),
            steps(),
            history.size() + 1,
            epochs(),
            history,
            file,
            stages.stream().map(TrainingStage::name).toList());
    file.ifPresent(path -> logger.info(() -> "Resuming from " + path));
    listeners.forEach(listener -> listener.started(start));
  }

  private void tellEnd(Map<String, float[]> initial, TrainingRun run) {
    if (listeners.isEmpty()) {
      return;
    }
    TrainingEnd end = end(initial, run, selection.modelEpoch(epochsOfStage()));
    listeners.forEach(listener -> listener.finished(end));
  }

  /** What the training came to; the run holds the network as it would be used. */
  private TrainingEnd end(Map<String, float[]> initial, TrainingRun run, int modelEpoch) {
    return new TrainingEnd(
        batches().images(),
        selection.validationImages(),
        modelEpoch,
        initial,
        run.parameters(),
        run.network());
  }

  private void trainStage(TrainingRun run, Map<String, float[]> initial) {
    if (isStageOver()) {
      return;
    }
    try (BatchReader reader = batches().open(history.size(), sums.steps(), ranks.slice())) {
      do {
        trainEpoch(run, reader);
        finishEpoch(run, initial);
        pause(run, checkpoints.areKept());
      } while (!isStageOver());
    }
  }

  private boolean isStageOver() {
    return history.size() == epochsUpTo(stage)
        || (stage == stages.size() - 1 && selection.isOver(epochsOfStage()));
  }

  private List<EpochMetrics> epochsOfStage() {
    return history.subList(epochsUpTo(stage - 1), history.size());
  }

  private void trainEpoch(TrainingRun run, BatchReader reader) {
    while (sums.steps() < batches().count()) {
      long start = System.nanoTime();
      ImageBatch images = reader.next();
      Targets targets = batches().targets(history.size(), sums.steps(), images);
      TrainingRun.StepResult result = run.step(images.pixels(), targets);
      // The loss is that of all processes.
      int size = images.classes().length * ranks.count();
      int correct = (int) ranks.sum(result.correct())[0];
      sums =
          sums.plus(
              size,
              result.loss(),
              correct,
              result.codewordsChanged(),
              sums.seconds() + (System.nanoTime() - start) / 1e9);
      StepMetrics metrics =
          new StepMetrics(
              stage + 1,
              history.size() + 1,
              epochs(),
              step(),
              result.loss(),
              (double) correct / size,
              learningRate(),
              sums);
      listeners.forEach(listener -> listener.stepFinished(metrics));
      // After the last step the epoch is finished before anything else: its end has a checkpoint.
      if (sums.steps() < batches().count()) {
        pause(run, checkpoints.isDue());
      }
    }
  }

  private void finishEpoch(TrainingRun run, Map<String, float[]> initial) {
    if (ranks.count() > 1) {
      CommonState.require(ranks, history.size() + 1, run.state());
    }
    if (selection.validationImages() > 0) {
      listeners.forEach(listener -> listener.preparing("validating"));
    }
    EpochMetrics metrics =
        selection.validationImages() > 0
            ? AveragedNetwork.use(
                stages.get(stage), run, history.size() + 1, () -> evaluateEpoch(run))
            : evaluateEpoch(run);
    logger.info(() -> text(metrics));
    // Before the checkpoint, so that a run which is interrupted between them reports the epoch
    // again and leaves none out.
    Supplier<TrainingEnd> soFar =
        () ->
            AveragedNetwork.use(
                stages.get(stage), run, history.size(), () -> end(initial, run, metrics.epoch()));
    listeners.forEach(listener -> listener.epochFinished(metrics, soFar));
  }

  /** Adds the epoch to the history; the run holds the network as it would be used. */
  private EpochMetrics evaluateEpoch(TrainingRun run) {
    EpochMetrics metrics =
        new EpochMetrics(
            stage + 1,
            history.size() + 1,
            epochs(),
            step(),
            sums.meanLoss(),
            sums.accuracy(),
            selection.evaluate(run, ranks),
            learningRate(),
            sums.codewordsChanged(),
            sums.seconds(),
            sums.imagesPerSecond());
    history.add(metrics);
    sums = EpochSums.NONE;
    if (stage == stages.size() - 1) {
      selection.epochFinished(run, epochsOfStage());
    }
    return metrics;
  }

  private static String text(EpochMetrics metrics) {
    return String.format(
            Locale.ROOT,
            "Epoch %d/%d: loss %.4f, training accuracy %.2f %%, %.0f images/s",
            metrics.epoch(),
            metrics.epochs(),
            metrics.loss(),
            100 * metrics.accuracy(),
            metrics.imagesPerSecond())
        + metrics
            .validation()
            .map(v -> String.format(Locale.ROOT, ", validation %.2f %%", 100 * v.accuracy()))
            .orElse("");
  }

  /** Between two steps: writes a checkpoint if one is due, and stops if that was asked for. */
  private void pause(TrainingRun run, boolean checkpointDue) {
    boolean over = stage == stages.size() - 1 && isStageOver();
    // Asked for in one process, it stops all after the same step.
    boolean stopping = !over && ranks.sum(stop.getAsBoolean() ? 1 : 0)[0] > 0;
    Optional<Path> file = Optional.empty();
    if (checkpointDue || (stopping && checkpoints.areKept())) {
      file = checkpoints.write(checkpoint(run));
    }
    if (stopping) {
      throw stopped(file);
    }
  }

  private TrainingStoppedException stopped(Optional<Path> checkpoint) {
    String how;
    if (checkpoint.isPresent()) {
      how = "it can go on from " + checkpoint.get();
    } else if (checkpoints.areKept()) {
      how =
          "its checkpoint could not be written; if there is a file "
              + checkpoints.file().map(Path::toString).orElse("")
              + ", it is an earlier one";
    } else {
      how =
          ranks.rank() > 0
              ? "task 0 says whether it can go on"
              : "it cannot go on, since checkpointFolder is not set";
    }
    return new TrainingStoppedException(
        "Training was stopped after step " + step() + " of " + steps() + "; " + how,
        checkpoint.orElse(null));
  }

  private Checkpoint checkpoint(TrainingRun run) {
    return new Checkpoint(
        checkpoints.fingerprint(),
        stage,
        sums,
        run.state(),
        history,
        selection.best().map(NetworkCodec::encode));
  }

  /** The images of the stage under way. */
  private ImageBatches batches() {
    return stages.get(stage).batches();
  }

  /** The number of steps that were made in all stages. */
  private int step() {
    return stepsUpTo(stage - 1) + epochsOfStage().size() * batches().count() + sums.steps();
  }

  /** The number of steps of all stages. */
  private int steps() {
    return stepsUpTo(stages.size() - 1);
  }

  private int stepsUpTo(int last) {
    return stages.subList(0, last + 1).stream().mapToInt(s -> s.plan().steps()).sum();
  }

  /** The learning rate of the stage's last step. */
  private double learningRate() {
    return stages.get(stage).plan().learningRate(step() - stepsUpTo(stage - 1) - 1);
  }

  private int epochs() {
    return epochsUpTo(stages.size() - 1);
  }

  private int epochsUpTo(int last) {
    return stages.subList(0, last + 1).stream().mapToInt(TrainingStage::epochs).sum();
  }
}

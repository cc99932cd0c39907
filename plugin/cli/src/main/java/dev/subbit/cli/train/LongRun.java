package dev.subbit.cli.train;

import dev.subbit.cli.files.ConfigFile;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.ProgressOption;
import dev.subbit.cli.terminal.CommandLineText;
import dev.subbit.cli.terminal.Interruption;
import dev.subbit.cli.terminal.Progress;
import dev.subbit.cli.terminal.TrainingDisplay;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.TemporaryFiles;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.SubBitTrainer;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.LearningRateRange;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import dev.subbit.tribuo.training.metrics.TrainingStoppedException;
import dev.subbit.tribuo.training.tensorboard.EventFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The options of a long training. It resumes without being asked after an interruption, leaves a
 * checkpoint when the process is asked to end, and records its progress.
 */
final class LongRun {

  private static final int ASK_MILLIS = 200;
  private static final String FOLDER_ENDING = ".training";
  private static final int KEY_BYTES = 6;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Mixin private ProgressOption progress;

  @Option(
      names = "--checkpoints",
      paramLabel = "FOLDER",
      description = {
        "Keep checkpoints in this folder, and resume from the one in it: after a crash, a kill or"
            + " Ctrl-C give the same command again. It is removed when the model is saved.",
        "The same as the trainer's property checkpointFolder. Default: a folder beside the model,"
            + " FILE.sbm.training, with a folder for each configuration."
      })
  private Path checkpoints;

  @Option(
      names = "--no-checkpoints",
      description =
          "Keep no checkpoint beside the model: the training begins at its first step, and cannot"
              + " resume.")
  private boolean none;

  @Option(
      names = "--metrics",
      paramLabel = "FILE.jsonl",
      description =
          "Write the progress of the training as JSON lines: one per epoch, and one every few"
              + " steps.")
  private Path metrics;

  @Option(
      names = "--metrics-steps",
      paramLabel = "N",
      defaultValue = "10",
      description =
          "Steps from one line in --metrics, or value in --tensorboard, to the next. Default:"
              + " ${DEFAULT-VALUE}.")
  private int metricsSteps;

  @Option(
      names = "--tensorboard",
      paramLabel = "FOLDER",
      description =
          "Write the progress of the training as event files of TensorBoard into this folder, as"
              + " one run.")
  private Path tensorboard;

  // The folder beside the model; null where another is used, or none.
  private Path own;

  /**
   * Checks the options.
   *
   * @param writes whether this process writes files.
   * @throws UserError if one of them cannot be used.
   */
  void requireUsable(boolean writes) {
    if (metricsSteps < 1) {
      throw new UserError("--metrics-steps is " + metricsSteps + "; it must be at least 1.");
    }
    if (none && checkpoints != null) {
      throw new UserError("--checkpoints and --no-checkpoints exclude each other.");
    }
    if (metrics != null && writes) {
      OutputFile.requireWritable(metrics);
    }
  }

  /**
   * Sets the trainer's folder for checkpoints: to the one that is given, or, where neither the
   * options nor the configuration say anything, to one beside the model that only trainings of the
   * same configuration use.
   *
   * @param components the configuration.
   * @param trainer the trainer's component.
   * @param model where the model is saved.
   * @param config the file of the configuration.
   * @param settings what was set besides.
   * @throws IOException if the configuration cannot be read.
   */
  void configure(
      ConfigFile components, String trainer, Path model, Path config, Map<String, String> settings)
      throws IOException {
    Path folder = checkpoints;
    if (folder == null && !none && !components.sets(trainer, "checkpointFolder")) {
      own = Path.of(model + FOLDER_ENDING).resolve(key(trainer, config, settings));
      folder = own;
    }
    if (folder != null) {
      components.set(trainer, "checkpointFolder", folder.toAbsolutePath().toString());
    }
  }

  /** Names a configuration by what is in its file, and what replaces it. */
  private static String key(String trainer, Path config, Map<String, String> settings)
      throws IOException {
    MessageDigest digest = Sha256.start();
    digest.update(Files.readAllBytes(config));
    digest.update((trainer + new TreeMap<>(settings)).getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest(), 0, KEY_BYTES);
  }

  /**
   * Removes the folder beside the model, once the model is saved. Folders of other configurations,
   * whose trainings were interrupted, stay.
   *
   * @throws IOException if it cannot be removed.
   */
  void removeFolder() throws IOException {
    if (own != null) {
      TemporaryFiles.remove(own);
      Path parent = own.getParent();
      try (Stream<Path> others = Files.list(parent)) {
        if (others.findAny().isPresent()) {
          return;
        }
      }
      Files.delete(parent);
    }
  }

  /**
   * Settles what to train on, which may start TensorFlow, and says so where it is a GPU.
   *
   * @param trainer the trainer.
   */
  void settleDevice(SubBitTrainer trainer) {
    // Nothing has to be looked for.
    if (trainer.device() == TrainingDevice.CPU) {
      return;
    }
    try (Progress shown = progress.of("Training")) {
      shown.preparing("looking for what to train on");
      trainer.settleDevice();
    }
    if (trainer.device() == TrainingDevice.GPU) {
      spec.commandLine().getOut().println("Training on the GPU.");
      spec.commandLine().getOut().flush();
    }
  }

  /**
   * Tries learning rates, and shows that it does.
   *
   * @param trainer the trainer.
   * @param images the training images.
   * @return what was found.
   */
  LearningRateRange findLearningRate(SubBitTrainer trainer, Dataset<Label> images) {
    try (Progress shown = progress.of("Trying learning rates")) {
      shown.preparing("up to 120 steps");
      return trainer.findLearningRate(images);
    }
  }

  /**
   * Trains a model, with checkpoints and metrics as the options say.
   *
   * @param trainer the trainer.
   * @param images the training images.
   * @param writes whether this process writes metrics and events.
   * @return the model.
   * @throws IOException if the file of metrics or events cannot be closed.
   */
  SubBitModel train(SubBitTrainer trainer, Dataset<Label> images, boolean writes)
      throws IOException {
    trainer.addListener(new Announcement(spec.commandLine().getOut()));
    Interruption.keeping(() -> kept(trainer));
    try (MetricsFile file =
            metrics == null || !writes ? null : new MetricsFile(metrics, metricsSteps);
        EventFolder events =
            tensorboard == null || !writes ? null : new EventFolder(tensorboard, metricsSteps);
        TrainingDisplay display = new TrainingDisplay(progress.of("Training"))) {
      trainer.addListener(display);
      if (file != null) {
        trainer.addListener(file);
      }
      if (events != null) {
        trainer.addListener(events);
      }
      return trainer.checkpointFolder().isPresent()
          ? trainUntilAskedToEnd(trainer, images)
          : trainer.train(images);
    }
  }

  /** SIGTERM and SIGINT begin the JVM's shutdown, which waits for its hooks. */
  private SubBitModel trainUntilAskedToEnd(SubBitTrainer trainer, Dataset<Label> images) {
    CountDownLatch ended = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              // Repeated, because the first call may have come before the training began.
              do {
                trainer.stop();
              } while (!isOver(ended));
            },
            "subbit-checkpoint");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return trainer.train(images);
    } catch (TrainingStoppedException e) {
      Progress.aside(() -> tellStop(e));
      throw e;
    } finally {
      ended.countDown();
      if (!remove(hook)) {
        waitForTheEnd();
      }
    }
  }

  private void tellStop(TrainingStoppedException stop) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("subbit: " + stop.getMessage());
    if (stop.checkpoint().isPresent()) {
      err.println("Go on with:  " + CommandLineText.of(spec));
    }
    err.flush();
  }

  /** What to say of a training that a signal ends; nothing where it says so itself. */
  private static String kept(SubBitTrainer trainer) {
    return trainer.checkpointFolder().isPresent()
        ? ""
        : "nothing of the training is kept. Without --no-checkpoints it could go on.";
  }

  /** The JVM is ending with the signal's exit code, and there is nothing left to do or to say. */
  private static void waitForTheEnd() {
    try {
      Thread.currentThread().join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean remove(Thread hook) {
    try {
      return Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return false;
    }
  }

  private static boolean isOver(CountDownLatch ended) {
    try {
      return ended.await(ASK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return true;
    }
  }

  /** Prints where a training resumes. */
  private record Announcement(PrintWriter terminal) implements TrainingListener {

    @Override
    public void started(TrainingStart start) {
      start
          .checkpoint()
          .ifPresent(
              file -> {
                terminal.printf(
                    "Resuming from %s: epoch %d of %d, after step %,d of %,d.%n",
                    file,
                    Math.min(start.epoch(), start.epochs()),
                    start.epochs(),
                    start.step(),
                    start.steps());
                terminal.flush();
              });
    }

    @Override
    public void epochFinished(EpochMetrics metrics) {
      // The progress bar and the file of metrics report it.
    }
  }
}

package dev.subbit.tribuo.training.tensorboard;

import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.logging.Logger;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.SessionLog;
import org.tensorflow.proto.Summary;

/**
 * Writes the progress of a training into a folder that TensorBoard shows as one run: values of
 * every n-th step ({@code step/...}) and of every epoch ({@code epoch/...}), each written as soon
 * as it is known, at the number of the step.
 *
 * <p>Every start of a training adds a file. Its beginning tells TensorBoard to drop what earlier
 * files hold of later steps, so a resumed training continues its curves, and one that begins anew
 * replaces them.
 *
 * <p>Where a value cannot be written, as on a full disk, there is one warning, and the training
 * continues without. Used for one training at a time.
 */
public final class EventFolder implements TrainingListener, AutoCloseable {

  private static final Logger logger = Logger.getLogger(EventFolder.class.getName());

  private static final String FORMAT = "brain.Event:2";

  private final Path folder;
  private final int everySteps;
  private Path file;
  private FileChannel channel;
  private RecordWriter records;

  /**
   * Makes a listener. The file is made when a training begins.
   *
   * @param folder the folder of the run, created if it does not exist.
   * @param everySteps number of steps from one value to the next, at least 1.
   */
  public EventFolder(Path folder, int everySteps) {
    if (everySteps < 1) {
      throw new IllegalArgumentException("A value every " + everySteps + " steps; allowed: 1 up");
    }
    this.folder = folder;
    this.everySteps = everySteps;
  }

  /**
   * Makes the file.
   *
   * @throws UncheckedIOException if it cannot be made.
   */
  @Override
  public void started(TrainingStart start) {
    try {
      close();
      Files.createDirectories(folder);
      channel = open();
      records = new RecordWriter(channel);
      records.write(event().setFileVersion(FORMAT).build().toByteArray());
      records.write(
          event()
              .setStep(start.step() + 1L)
              .setSessionLog(SessionLog.newBuilder().setStatus(SessionLog.SessionStatus.START))
              .build()
              .toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write events for TensorBoard to " + folder, e);
    }
  }

  /** TensorBoard reads the files of a folder in the order of their names. */
  private FileChannel open() throws IOException {
    long seconds = System.currentTimeMillis() / 1000;
    for (int number = 0; ; number++) {
      file =
          folder.resolve(
              String.format(Locale.ROOT, "events.out.tfevents.%010d.subbit.%03d", seconds, number));
      try {
        return FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      } catch (FileAlreadyExistsException e) {
        // Another start in the same second; the next number is behind it in the order of names.
      }
    }
  }

  private static Event.Builder event() {
    return Event.newBuilder().setWallTime(System.currentTimeMillis() / 1000.0);
  }

  @Override
  public void stepFinished(StepMetrics metrics) {
    if (metrics.step() % everySteps == 0) {
      Summary.Builder values = Summary.newBuilder();
      add(values, "step/loss", metrics.loss());
      add(values, "step/accuracy", metrics.accuracy());
      add(values, "step/learning rate", metrics.learningRate());
      write(metrics.step(), values);
    }
  }

  @Override
  public void epochFinished(EpochMetrics metrics) {
    Summary.Builder values = Summary.newBuilder();
    add(values, "epoch/loss", metrics.loss());
    add(values, "epoch/accuracy", metrics.accuracy());
    metrics
        .validation()
        .ifPresent(
            validation -> {
              add(values, "epoch/validation loss", validation.loss());
              add(values, "epoch/validation accuracy", validation.accuracy());
            });
    add(values, "epoch/codewords changed", metrics.codewordsChanged());
    add(values, "epoch/images per second", metrics.imagesPerSecond());
    write(metrics.step(), values);
  }

  private static void add(Summary.Builder values, String tag, double value) {
    values.addValue(Summary.Value.newBuilder().setTag(tag).setSimpleValue((float) value));
  }

  private void write(int step, Summary.Builder values) {
    if (records == null) {
      return;
    }
    try {
      records.write(event().setStep(step).setSummary(values).build().toByteArray());
    } catch (IOException e) {
      // A reader stops at a record that is not whole, so that nothing may follow one.
      records = null;
      logger.warning(
          "Events for TensorBoard from step "
              + step
              + " on are missing in "
              + file
              + ": "
              + e
              + ". Training continues");
    }
  }

  /** Closes the file. The next training makes another one. */
  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}

package dev.subbit.cli.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.logging.Logger;

/**
 * Writes the progress of a training into a file of JSON lines: an object for every epoch ({@code
 * "type": "epoch"}) and for every n-th step ({@code "type": "step"}), each written as soon as it is
 * known.
 *
 * <p>A resumed training continues the same file: lines of steps after the checkpoint, which the
 * interrupted run had written, are removed and written again. So the file ends with the lines that
 * an uninterrupted training would have written, except for times and speeds. A training that begins
 * at its first step overwrites the file.
 *
 * <p>Where a line cannot be written, as on a full disk, it is left out with a warning, and the
 * training continues. Used for one training at a time.
 */
public final class MetricsFile implements TrainingListener, AutoCloseable {

  private static final Logger logger = Logger.getLogger(MetricsFile.class.getName());

  private final ObjectMapper mapper = new ObjectMapper();
  private final Path file;
  private final int everySteps;
  private FileChannel channel;
  // Position of the next line. Behind it may be the rest of a line that could not be written.
  private long end;
  private boolean warned;

  /**
   * Makes a listener. The file is opened when a training begins.
   *
   * @param file the file; its folder must exist.
   * @param everySteps number of steps from one line to the next, at least 1; {@link
   *     Integer#MAX_VALUE} for no lines for steps.
   */
  public MetricsFile(Path file, int everySteps) {
    if (everySteps < 1) {
      throw new IllegalArgumentException("A line every " + everySteps + " steps; allowed: 1 up");
    }
    this.file = file;
    this.everySteps = everySteps;
  }

  /**
   * Opens the file and removes the lines after the training's start.
   *
   * @throws UncheckedIOException if the file cannot be read or written.
   * @throws IllegalStateException if the file exists and holds something other than metrics.
   */
  @Override
  public void started(TrainingStart start) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IllegalStateException(
          file + " is not a regular file, from which lines could be taken back; name another file");
    }
    try {
      close();
      try (FileChannel before =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        end = endOfStep(before, start.step());
      }
      channel = FileChannel.open(file, StandardOpenOption.WRITE);
      channel.truncate(end);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write metrics to " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * The length of the lines up to a step. A line without an end was interrupted while it was
   * written.
   */
  private long endOfStep(FileChannel lines, int step) throws IOException {
    long kept = 0;
    InputStream in = new BufferedInputStream(Channels.newInputStream(lines));
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next >= 0; next = in.read()) {
      line.write(next);
      if (next == '\n') {
        if (step(line.toByteArray()) > step) {
          return kept;
        }
        kept += line.size();
        line.reset();
      }
    }
    if (line.size() > 0 && line.toByteArray()[0] != '{') {
      throw noMetrics();
    }
    return kept;
  }

  private int step(byte[] line) {
    try {
      // As text: of bytes, Jackson would guess the encoding.
      JsonNode step = mapper.readTree(new String(line, StandardCharsets.UTF_8)).path("step");
      if (step.isInt()) {
        return step.intValue();
      }
    } catch (JsonProcessingException e) {
      // Reported below.
    }
    throw noMetrics();
  }

  private IllegalStateException noMetrics() {
    return new IllegalStateException(
        file + " exists and holds something other than metrics; name another file");
  }

  @Override
  public void stepFinished(StepMetrics metrics) {
    if (metrics.step() % everySteps == 0) {
      ObjectNode line = mapper.createObjectNode();
      line.put("type", "step");
      line.put("stage", metrics.stage());
      line.put("epoch", metrics.epoch());
      line.put("step", metrics.step());
      line.put("loss", metrics.loss());
      line.put("accuracy", metrics.accuracy());
      line.put("learningRate", metrics.learningRate());
      line.put("codewordsChanged", metrics.epochSoFar().codewordsChanged());
      line.put("imagesPerSecond", metrics.epochSoFar().imagesPerSecond());
      append(line);
    }
  }

  @Override
  public void epochFinished(EpochMetrics metrics) {
    ObjectNode line = mapper.createObjectNode();
    line.put("type", "epoch");
    line.put("stage", metrics.stage());
    line.put("epoch", metrics.epoch());
    line.put("epochs", metrics.epochs());
    line.put("step", metrics.step());
    line.put("loss", metrics.loss());
    line.put("accuracy", metrics.accuracy());
    metrics
        .validation()
        .ifPresent(
            validation -> {
              line.put("validationLoss", validation.loss());
              line.put("validationAccuracy", validation.accuracy());
            });
    line.put("learningRate", metrics.learningRate());
    line.put("codewordsChanged", metrics.codewordsChanged());
    line.put("seconds", metrics.seconds());
    line.put("imagesPerSecond", metrics.imagesPerSecond());
    append(line);
  }

  private void append(ObjectNode line) {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes, end + bytes.position());
      }
      end += bytes.limit();
    } catch (IOException e) {
      if (!warned) {
        warned = true;
        logger.warning(
            "Metrics from step "
                + line.get("step")
                + " on may be missing: cannot write "
                + file
                + ": "
                + e.getMessage());
      }
    }
  }

  /**
   * Closes the file.
   *
   * @throws IOException if that fails.
   */
  @Override
  public void close() throws IOException {
    if (channel != null) {
      try (FileChannel closed = channel) {
        closed.truncate(end);
      } finally {
        channel = null;
      }
    }
  }
}

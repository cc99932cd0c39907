package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tribuo.Model;

/** {@code subbit train} in a process of its own, with the metrics of every step. */
final class TrainingProcess {

  static final int SIGKILL = 128 + 9;
  static final int SIGTERM = 128 + 15;
  private static final int LONGEST_SECONDS = 120;
  private static final Pattern RESUMED = Pattern.compile("Resuming from .*after step (\\d+) of");

  private final Path model;
  private final Path metrics;
  private final Path log;
  private final Process process;

  /**
   * Starts a training.
   *
   * @param config its configuration.
   * @param model the file for the model.
   * @param metrics the file for the metrics.
   * @param log the file for what it prints.
   * @param options more options of the command.
   */
  TrainingProcess(Path config, Path model, Path metrics, Path log, String... options)
      throws IOException {
    this.model = model;
    this.metrics = metrics;
    this.log = log;
    List<String> command = new ArrayList<>();
    Collections.addAll(
        command,
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx256m",
        "-XX:TieredStopAtLevel=1",
        "dev.subbit.cli.Main",
        "train",
        config.toString(),
        "--out",
        model.toString(),
        "--metrics",
        metrics.toString(),
        "--metrics-steps",
        "1");
    Collections.addAll(command, options);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "2");
    this.process = builder.start();
  }

  Path model() {
    return model;
  }

  String output() throws IOException {
    return Files.readString(log);
  }

  int exitCode() throws Exception {
    assertTrue(process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS), "it hangs: " + output());
    return process.exitValue();
  }

  /** Ends it at once. */
  void kill() {
    process.destroyForcibly();
  }

  /** Asks it to end. */
  void terminate() {
    process.destroy();
  }

  /** Waits until the metrics hold a step. */
  void awaitStep(int step) throws Exception {
    await(
        () ->
            Files.exists(metrics) && Files.readString(metrics).contains("\"step\":" + step + ","));
  }

  /** Whether it has printed that it resumes. */
  boolean hasResumed() throws IOException {
    return RESUMED.matcher(output()).find();
  }

  /** Waits until the training prints where it resumes. */
  int awaitResumedStep() throws Exception {
    await(this::hasResumed);
    Matcher matcher = RESUMED.matcher(output());
    assertTrue(matcher.find());
    return Integer.parseInt(matcher.group(1));
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private void await(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
    while (!condition.holds()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        if (!condition.holds()) {
          fail("It ended or hangs: " + output());
        }
        return;
      }
      Thread.sleep(10);
    }
  }

  /** Asserts that two saved models are the same to the bit. */
  static void assertSameModel(Path expected, Path actual) throws IOException {
    try (SubBitModel one = (SubBitModel) Model.deserializeFromFile(expected);
        SubBitModel other = (SubBitModel) Model.deserializeFromFile(actual)) {
      TrainedNetwork network = one.network();
      assertEquals(network.network(), other.network().network());
      assertEquals(network.packed(), other.network().packed());
      assertEquals(network.floats().keySet(), other.network().floats().keySet());
      network
          .floats()
          .forEach(
              (name, values) ->
                  assertArrayEquals(values, other.network().floats().get(name), name));
    }
  }
}

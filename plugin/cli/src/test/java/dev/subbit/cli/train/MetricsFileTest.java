package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.EpochSums;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import dev.subbit.tribuo.training.metrics.ValidationMetrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Epochs of four steps, a line for every second step. */
class MetricsFileTest {

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void nameFile() {
    path = folder.resolve("run.jsonl");
  }

  /** Reports the steps after one up to another, and the epochs that end there. */
  private static void report(MetricsFile file, int from, int to) {
    file.started(
        new TrainingStart(from, 12, from / 4 + 1, 3, List.of(), Optional.empty(), List.of()));
    for (int step = from + 1; step <= to; step++) {
      int epoch = (step + 3) / 4;
      EpochSums sums = new EpochSums(step % 4, 8, 0.5, 6, 3, 2);
      file.stepFinished(new StepMetrics(1, epoch, 3, step, 0.25, 0.75, 0.01, sums));
      if (step % 4 == 0) {
        Optional<ValidationMetrics> validation = Optional.of(new ValidationMetrics(0.5, 0.625));
        file.epochFinished(
            new EpochMetrics(1, epoch, 3, step, 0.3, 0.7, validation, 0.01, 5, 4, 2));
      }
    }
  }

  private String uncut() throws IOException {
    Path uncut = folder.resolve("uncut.jsonl");
    try (MetricsFile file = new MetricsFile(uncut, 2)) {
      report(file, 0, 12);
    }
    return Files.readString(uncut);
  }

  @Test
  void everyLineIsAnObject() throws IOException {
    List<String> lines = uncut().lines().toList();
    assertEquals(6 + 3, lines.size());
    JsonNode step = new ObjectMapper().readTree(lines.get(1));
    assertEquals(
        "{\"type\":\"step\",\"stage\":1,\"epoch\":1,\"step\":4,\"loss\":0.25,\"accuracy\":0.75,"
            + "\"learningRate\":0.01,\"codewordsChanged\":3,\"imagesPerSecond\":4.0}",
        step.toString());
    JsonNode epoch = new ObjectMapper().readTree(lines.get(2));
    assertEquals(
        "{\"type\":\"epoch\",\"stage\":1,\"epoch\":1,\"epochs\":3,\"step\":4,\"loss\":0.3,"
            + "\"accuracy\":0.7,\"validationLoss\":0.5,\"validationAccuracy\":0.625,"
            + "\"learningRate\":0.01,\"codewordsChanged\":5,\"seconds\":4.0,"
            + "\"imagesPerSecond\":2.0}",
        epoch.toString());
  }

  @Test
  void aLineIsInTheFileAsSoonAsItIsKnown() throws IOException {
    try (MetricsFile file = new MetricsFile(path, 2)) {
      report(file, 0, 4);
      assertEquals(3, Files.readString(path).lines().count());
    }
  }

  /**
   * The run was interrupted after its tenth step, and its last checkpoint is of an earlier step.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 5, 8, 10})
  void aResumedRunLosesAndDoublesNoLine(int checkpoint) throws IOException {
    MetricsFile killed = new MetricsFile(path, 2);
    report(killed, 0, 10);
    // A line that was being written.
    Files.writeString(path, "{\"type\":\"st", StandardOpenOption.APPEND);
    try (MetricsFile resumed = new MetricsFile(path, 2)) {
      report(resumed, checkpoint, 12);
    }
    assertEquals(uncut(), Files.readString(path));
  }

  @Test
  void oneListenerServesOneTrainingAfterTheOther() throws IOException {
    try (MetricsFile file = new MetricsFile(path, 2)) {
      report(file, 0, 12);
      report(file, 0, 12);
    }
    assertEquals(uncut(), Files.readString(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"precious\nlines\n", "precious", "[1]\n", "{\"step\": \"one\"}\n"})
  void aFileOfAnotherKindIsLeftAlone(String content) throws IOException {
    Files.writeString(path, content);
    try (MetricsFile file = new MetricsFile(path, 2)) {
      Exception e = assertThrows(IllegalStateException.class, () -> report(file, 0, 1));
      assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    }
    assertEquals(content, Files.readString(path));
  }

  @Test
  void aMissingFolderIsNamed() throws IOException {
    try (MetricsFile file = new MetricsFile(folder.resolve("none/run.jsonl"), 2)) {
      Exception e = assertThrows(UncheckedIOException.class, () -> report(file, 0, 1));
      assertTrue(e.getMessage().contains("none"), e.getMessage());
    }
    assertFalse(Files.exists(folder.resolve("none")));
  }
}

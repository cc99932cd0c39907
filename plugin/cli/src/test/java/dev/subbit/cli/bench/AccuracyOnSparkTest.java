package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.report.AccuracyRow;
import dev.subbit.cli.report.AccuracyRow.Run;
import dev.subbit.cli.terminal.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code subbit bench accuracy --spark}; integration-tests/spark/run.sh runs it on clusters. */
class AccuracyOnSparkTest {

  @TempDir Path folder;

  private final AccuracyOnSpark sweep =
      new AccuracyOnSpark(
          Path.of("/config.xml"), Map.of("a.tau", "4"), List.of("a", "b"), List.of(3L, 5L));

  @Test
  void everyTrainerAndSeedIsACommand() {
    List<String> commands = sweep.commands(Path.of("/home"));
    assertEquals(4, commands.size());
    assertEquals(
        "/home/subbit bench accuracy /config.xml --quiet --trainers a --seeds 5 --set a.tau=4",
        commands.get(1).replace('\t', ' '));
    assertTrue(commands.get(2).contains("b\t--seeds\t3"), commands.get(2));
  }

  @Test
  void whatTheCommandsWroteBecomesTheRowsOfOne() throws IOException {
    List<AccuracyRow> expected =
        List.of(
            new AccuracyRow("a", List.of(new Run(3, 0.5, 10, 0.44), new Run(5, 0.75, 11, 0.44))),
            new AccuracyRow("b", List.of(new Run(3, 0.25, 12, 1), new Run(5, 1 / 3.0, 13, 1))));
    int command = 0;
    for (AccuracyRow row : expected) {
      for (Run run : row.runs()) {
        JsonOption.write(
            folder.resolve(command++ + ".json"),
            List.of(
                Map.of("trainer", row.trainer(), "mean", run.accuracy(), "runs", List.of(run))));
      }
    }
    assertEquals(expected, sweep.rows(folder));
  }

  @Test
  void wordsThatTheFileOfCommandsCannotHoldAreRefused() {
    AccuracyOnSpark tabbed =
        new AccuracyOnSpark(Path.of("a\tb.xml"), Map.of(), List.of("a"), List.of(1L));
    UserError e = assertThrows(UserError.class, () -> tabbed.commands(Path.of("/home")));
    assertTrue(e.getMessage().contains("a\tb.xml"), e.getMessage());
  }
}

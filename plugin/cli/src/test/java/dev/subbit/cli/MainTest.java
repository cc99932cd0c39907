package dev.subbit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MainTest {

  static String[] commands() {
    return Main.commandLine().getSubcommands().keySet().toArray(String[]::new);
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHelpsWithAnExample(String command) {
    CommandRun run = CommandRun.of(command, "--help");
    assertEquals(0, run.code());
    assertTrue(run.out().contains("  ./subbit " + command), run.out());
    assertTrue(run.out().contains("--json"), run.out());
  }

  @Test
  void helpListsEveryCommand() {
    CommandRun run = CommandRun.of("--help");
    assertEquals(0, run.code());
    for (String command : commands()) {
      assertTrue(run.out().contains("  " + command + " "), command);
    }
  }

  @Test
  void wrongUsageIsTwoAndNamesTheHelp() {
    CommandRun run = CommandRun.of("export", "a", "b", "--no-such-option");
    assertEquals(2, run.code());
    assertTrue(run.err().contains("--no-such-option"), run.err());
    assertTrue(run.err().contains("./subbit export --help"), run.err());
  }

  @Test
  void noCommandIsWrongUsage() {
    assertEquals(2, CommandRun.of().code());
  }

  @Test
  void failureIsOneLineWithoutStackTrace() {
    CommandRun run = CommandRun.of("inspect", "no-such-file.sbm");
    assertEquals(1, run.code());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().startsWith("subbit: There is no file no-such-file.sbm"), run.err());
    assertFalse(run.err().contains("\tat "), run.err());
  }

  @Test
  void namesCannotControlTheTerminal() {
    CommandRun run = CommandRun.of("inspect", "no\u001b[2Jfile.sbm");
    assertTrue(run.err().startsWith("subbit: There is no file no\\x1b[2Jfile.sbm"), run.err());
  }
}

package dev.subbit.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.data.StripedImages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Trains in processes of their own: in pseudo terminals, which Python makes, and in a pipe. */
@DisabledOnOs(OS.WINDOWS)
class TerminalTest {

  private static final int SIGINT = 128 + 2;

  @TempDir Path folder;

  private record Run(int code, String text) {
    /** The states of the changing line. */
    List<String> states() {
      return Arrays.stream(text.split("[\r\n]+")).filter(s -> s.startsWith("Training  ")).toList();
    }
  }

  @Test
  void aWideTerminalShowsOneLineWithoutNotesOfLibraries() throws Exception {
    Run run = inTerminal(160, "", train("wide.sbm"));
    assertEquals(0, run.code, run.text);
    List<String> states = run.states();
    assertTrue(states.get(0).endsWith("]  building the graph"), states.get(0));
    states.forEach(state -> assertTrue(state.length() == 159, state));
    assertTrue(states.stream().anyMatch(state -> state.contains("images/s")), run.text);
    // Every line that stays is one that the command wrote.
    assertFalse(run.text.contains("absl") || run.text.contains("MLIR"), run.text);
    assertFalse(run.text.contains("jline") || run.text.contains("WARNING"), run.text);
    assertTrue(run.text.contains("\rTrained on 64 images"), run.text);
  }

  @Test
  void ctrlCInANarrowTerminalSaysWhatIsKeptAndHowToGoOn() throws Exception {
    List<String> command = train("narrow.sbm");
    command.addAll(List.of("--checkpoints", folder.resolve("kept here").toString()));
    command.addAll(List.of("--set", "trainer.epochs=500"));
    Run run = inTerminal(80, "epoch ([2-9]|[0-9]{2})", command);
    assertEquals(SIGINT, run.code, run.text);
    run.states().forEach(state -> assertTrue(state.replace("^C", "").length() < 80, state));
    assertTrue(
        run.text.contains("it can go on from " + folder.resolve("kept here/training.checkpoint")),
        run.text);
    assertTrue(run.text.contains("\nGo on with:  ./subbit train "), run.text);
    assertTrue(run.text.contains("--checkpoints '" + folder.resolve("kept here")), run.text);
    assertFalse(run.text.contains("nothing"), run.text);
  }

  @Test
  void ctrlCWithoutCheckpointsSaysThatNothingIsKept() throws Exception {
    List<String> command = train("lost.sbm");
    command.addAll(List.of("--no-checkpoints", "--set", "trainer.epochs=500"));
    Run run = inTerminal(80, "epoch [0-9]", command);
    assertEquals(SIGINT, run.code, run.text);
    assertTrue(run.text.contains("subbit: interrupted; nothing of the training is kept"), run.text);
    assertFalse(Files.exists(folder.resolve("lost.sbm")));
    assertFalse(Files.exists(folder.resolve("lost.sbm.training")));
  }

  @Test
  void aPipeGetsALineAnEpochAndQuietGetsNone() throws Exception {
    Run run = inPipe(train("piped.sbm"));
    assertEquals(0, run.code, run.text);
    List<String> lines = run.text.lines().toList();
    assertEquals(3, lines.size(), run.text);
    assertTrue(lines.get(0).matches("Training: epoch 1/2, loss .* images/s"), run.text);
    assertTrue(lines.get(1).startsWith("Training: epoch 2/2, "), run.text);
    assertTrue(lines.get(2).startsWith("Trained on 64 images in "), run.text);

    List<String> command = train("quiet.sbm");
    command.add("--quiet");
    Run quiet = inPipe(command);
    assertEquals(1, quiet.text.lines().count(), quiet.text);
  }

  @Test
  void helpFillsTheTerminal() throws Exception {
    for (int columns : new int[] {80, 160}) {
      Run run = inTerminal(columns, "", command("train", "--help"));
      assertEquals(0, run.code, run.text);
      String plain = run.text.replaceAll("\u001b\\[[0-9;]*m", "");
      int longest = plain.lines().mapToInt(String::length).max().orElseThrow();
      assertTrue(longest <= columns && longest > 0.9 * columns, columns + ": " + run.text);
    }
  }

  private List<String> train(String out) throws IOException {
    StripedImages.source(folder, 64, 1);
    Path config =
        Files.writeString(
            folder.resolve("config.xml"),
            """
            <config>
              <component name="train" type="dev.subbit.tribuo.data.IdxImageSource">
                <property name="imagesPath" value="images-64-1.idx"/>
                <property name="labelsPath" value="labels-64-1.idx"/>
              </component>
              <component name="trainer" type="dev.subbit.tribuo.training.SubBitTrainer">
                <property name="network" value="resnet8"/>
                <propertylist name="imageShape"><item>1</item><item>12</item></propertylist>
                <property name="epochs" value="2"/>
                <property name="batchSize" value="8"/>
                <property name="threads" value="1"/>
              </component>
            </config>
            """);
    return command(
        "train",
        config.toString(),
        "--set",
        "trainer.imageShape=1,12,12",
        "--out",
        folder.resolve(out).toString());
  }

  private static List<String> command(String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "dev.subbit.cli.Main"));
    command.addAll(List.of(args));
    return command;
  }

  private Run inTerminal(int columns, String patternToInterruptAt, List<String> command)
      throws Exception {
    Path driver = folder.resolve("pty_run.py");
    try (var script = TerminalTest.class.getResourceAsStream("pty_run.py")) {
      Files.write(driver, script.readAllBytes());
    }
    List<String> driven = new ArrayList<>(List.of("python3", driver.toString()));
    driven.addAll(List.of(Integer.toString(columns), patternToInterruptAt));
    driven.addAll(command);
    return inPipe(driven);
  }

  private static Run inPipe(List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "2");
    builder.environment().put("TERM", "xterm");
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), text);
  }
}

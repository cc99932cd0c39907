package dev.subbit.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressTest {

  private final StringWriter screen = new StringWriter();

  private Progress progress(OptionalInt columns) {
    return Progress.of("Training", new PrintWriter(screen), () -> columns);
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 40, 80, 160, 300})
  void theLineFillsTheTerminalAndNeverWraps(int columns) {
    try (Progress progress = progress(OptionalInt.of(columns))) {
      progress.preparing("building the graph");
      progress.at(30, 100, "epoch 1/4", "loss 2.345", "accuracy 12.5 %", "1,234 images/s");
      progress.preparing("validating");
    }
    List<String> lines = List.of(screen.toString().split("\r"));
    for (String line : lines) {
      assertTrue(line.length() < columns, line);
    }
    if (columns >= 80) {
      assertEquals(columns - 1, lines.get(1).length(), lines.get(1));
      assertTrue(lines.get(1).matches("Training  \\[\\.+]  building the graph"), lines.get(1));
      assertTrue(lines.get(2).matches("Training  \\[#+\\.+]   30 %, validating *"), lines.get(2));
    }
  }

  @Test
  void nothingOfTheLineIsLeft() {
    try (Progress progress = progress(OptionalInt.of(80))) {
      progress.at(1, 10, "first");
    }
    String[] lines = screen.toString().split("\r");
    assertEquals(lines[1].length(), lines[2].length());
    assertTrue(lines[2].isBlank());
    assertTrue(screen.toString().endsWith("\r"));
  }

  @Test
  void otherLinesGoAboveIt() {
    try (Progress progress = progress(OptionalInt.of(80))) {
      progress.at(1, 10, "first");
      Progress.aside(() -> screen.write("a warning\n"));
    }
    String text = screen.toString();
    assertTrue(text.matches("(?s)\rTraining [^\r]*\r +\ra warning\n"), text);
  }

  @Test
  void withoutATerminalThereIsALineEveryTenth() {
    try (Progress progress = progress(OptionalInt.empty())) {
      progress.preparing("building the graph");
      for (int step = 1; step <= 200; step++) {
        progress.at(step, 200, step + " images");
      }
    }
    List<String> lines = screen.toString().lines().toList();
    assertEquals(10, lines.size(), lines::toString);
    assertEquals("Training: 10 %, 20 images", lines.get(0));
    assertEquals("Training: 100 %, 200 images", lines.get(9));
  }

  @Test
  void withoutATerminalThereIsALineForEveryPart() {
    try (Progress progress = progress(OptionalInt.empty())) {
      progress.move(50, 100, "epoch 1/2");
      progress.partFinished("epoch 1/2, loss 1.000");
    }
    assertEquals("Training: epoch 1/2, loss 1.000" + System.lineSeparator(), screen.toString());
  }

  @Test
  void hiddenProgressWritesNothing() {
    try (Progress progress = Progress.hidden()) {
      progress.preparing("a");
      progress.at(1, 1, "b");
      progress.partFinished("c");
    }
    assertEquals("", screen.toString());
  }
}

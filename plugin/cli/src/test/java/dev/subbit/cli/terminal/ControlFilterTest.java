package dev.subbit.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControlFilterTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'\u001b]0;title\u0007'|'\\x1b]0;title\\x07'",
        "'up\u001b[2A'|'up\\x1b[2A'",
        "'back\b\b'|'back\\x08\\x08'",
        "'\u009b31m'|'\\x9b31m'",
        "'\u001b[1mbold\u001b[0m'|'\u001b[1mbold\u001b[0m'",
        "'a\tb\nc\r'|'a\tb\nc\r'",
        "'Größe 3×3'|'Größe 3×3'",
      })
  void showsWhatWouldControlTheTerminal(String text, String shown) {
    assertEquals(shown, ControlFilter.visible(text));
    StringWriter out = new StringWriter();
    PrintWriter filtered = ControlFilter.around(out);
    filtered.print(text);
    filtered.flush();
    assertEquals(shown, out.toString());
  }
}

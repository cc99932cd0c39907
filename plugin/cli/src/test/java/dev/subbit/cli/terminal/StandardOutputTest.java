package dev.subbit.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StandardOutputTest {

  private static StandardOutput failing(String... reasons) {
    return new StandardOutput(
        new OutputStream() {
          private int next;

          @Override
          public void write(int value) throws IOException {
            throw new IOException(reasons[Math.min(next++, reasons.length - 1)]);
          }
        });
  }

  @Test
  void remembersTheFirstFailureThatJavasStreamForgets() {
    StandardOutput output = failing("No space left on device", "Something else");
    try (PrintStream stream = new PrintStream(output)) {
      stream.println("a");
      stream.println("b");
    }
    assertEquals(Optional.of("No space left on device"), output.failure());
  }

  @Test
  void aReaderThatWantsNoMoreIsNoFailure() {
    StandardOutput output = failing("Broken pipe");
    new PrintStream(output, true).println("a");
    assertEquals(Optional.empty(), output.failure());
  }

  @Test
  void passesEverythingOn() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    StandardOutput output = new StandardOutput(bytes);
    new PrintStream(output, true).print("abc");
    assertEquals("abc", bytes.toString());
    assertEquals(Optional.empty(), output.failure());
  }
}

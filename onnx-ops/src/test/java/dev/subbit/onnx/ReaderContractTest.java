package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a reader may do, and what fails its fuzz test. */
class ReaderContractTest {

  private static final ReaderContract CONTRACT = ReaderContract.of(IOException.class);

  private static void assertBroken(String words, ReaderContract.Reading<?> reading) {
    AssertionError e = assertThrows(AssertionError.class, () -> CONTRACT.read(10, reading));
    assertTrue(e.getMessage().contains(words), e.getMessage());
  }

  @Test
  void resultsAndDocumentedRefusalsAreFine() {
    assertEquals(Optional.of(7), CONTRACT.read(10, () -> 7));
    assertEquals(
        Optional.empty(),
        CONTRACT.read(
            10,
            () -> {
              throw new IOException("m.onnx is truncated");
            }));
  }

  @Test
  void otherExceptionsAndErrorsAreNot() {
    assertBroken("IndexOutOfBounds", () -> new int[1][2][3].clone()[1]);
    assertBroken(
        "StackOverflowError",
        () -> {
          throw new StackOverflowError();
        });
    assertThrows(
        AssertionError.class,
        () ->
            ReaderContract.of(IllegalArgumentException.class)
                .read(10, () -> Integer.parseInt("seven")));
  }

  @Test
  void refusalsSaySomething() {
    assertBroken(
        "Without a message",
        () -> {
          throw new IOException();
        });
    assertBroken(
        "5000 characters",
        () -> {
          throw new IOException("x".repeat(5_000));
        });
  }

  @Test
  void memoryIsInProportion() {
    assertBroken("bytes of memory", () -> new byte[100 << 20].length);
  }
}

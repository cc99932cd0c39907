package dev.subbit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FatalErrorTest {

  @ParameterizedTest
  @CsvSource({
    "java.lang.OutOfMemoryError, -Xmx",
    "java.lang.StackOverflowError, -Xss",
    "java.lang.UnsatisfiedLinkError, -Djava.io.tmpdir",
  })
  void isOneLineWithTheRemedy(String type, String remedy) throws Exception {
    Error error = (Error) Class.forName(type).getConstructor(String.class).newInstance("so it is");
    String message = FatalError.of(error).getMessage();
    assertEquals(1, message.lines().count());
    assertTrue(message.contains(remedy), message);
    assertEquals(error, FatalError.of(error).getCause());
  }
}

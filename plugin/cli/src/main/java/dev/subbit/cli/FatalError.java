package dev.subbit.cli;

import dev.subbit.cli.terminal.UserError;

/** Says in a line what to do when the Java virtual machine itself gives up. */
final class FatalError {

  private static final long MEBIBYTE = 1 << 20;

  private FatalError() {}

  /**
   * Words for an error.
   *
   * @param error out of memory, out of stack, or a library that cannot be loaded.
   * @return an error with the error as its cause, and the remedy in its message.
   */
  static UserError of(Error error) {
    if (error instanceof OutOfMemoryError) {
      return new UserError(
          String.format(
              "Out of memory: Java may use %,d MB. Give it more: SUBBIT_JAVA_OPTS=-Xmx8g ./subbit"
                  + " ..., or fewer or smaller inputs.",
              Runtime.getRuntime().maxMemory() / MEBIBYTE),
          error);
    }
    if (error instanceof StackOverflowError) {
      return new UserError(
          "An input is nested too deeply to be read. If it is right as it is, give Java more stack:"
              + " SUBBIT_JAVA_OPTS=-Xss64m ./subbit ...",
          error);
    }
    return new UserError(
        "A part of Subbit could not be loaded: "
            + error.getMessage()
            + ". Native libraries are unpacked into "
            + System.getProperty("java.io.tmpdir")
            + ", which must have room and allow programs to be run; name another folder by"
            + " SUBBIT_JAVA_OPTS=-Djava.io.tmpdir=FOLDER.",
        error);
  }
}

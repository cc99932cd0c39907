package dev.subbit.cli.terminal;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.Optional;

/**
 * Standard output that remembers whether it could be written to. Java's own stream forgets, so that
 * a command whose results went to a full disk would end as if all were well.
 */
public final class StandardOutput extends FilterOutputStream {

  private IOException failure;

  /**
   * Watches a stream.
   *
   * @param out where the bytes go.
   */
  StandardOutput(OutputStream out) {
    super(out);
  }

  /**
   * Takes the place of {@link System#out}, with its encoding.
   *
   * @return what remembers.
   */
  public static StandardOutput install() {
    StandardOutput output = new StandardOutput(new FileOutputStream(FileDescriptor.out));
    // The second is Java 17's name; neither is set there where output goes to a file.
    String encoding =
        System.getProperty("stdout.encoding", System.getProperty("sun.stdout.encoding"));
    Charset charset = encoding == null ? Charset.defaultCharset() : Charset.forName(encoding);
    System.setOut(new PrintStream(output, true, charset));
    return output;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int start, int length) throws IOException {
    try {
      out.write(bytes, start, length);
    } catch (IOException e) {
      failure = failure == null ? e : failure;
      throw e;
    }
  }

  /**
   * Why something could not be written.
   *
   * @return the system's words; empty if all was written, or if a reader such as {@code head}
   *     wanted no more.
   */
  public Optional<String> failure() {
    return Optional.ofNullable(failure)
        .map(IOException::getMessage)
        .filter(reason -> !reason.contains("Broken pipe"));
  }
}

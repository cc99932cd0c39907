package dev.subbit.cli.bench.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.onnx.TemporaryFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A process that runs models when it is asked to. It reads requests from its standard input and
 * answers each on its standard output, both as one JSON object per line; {@code openvino_peer.py}
 * lists them. It computes only between a request and its answer, and so can take turns with sides
 * in this process. It may use the processors that the thread which starts it may use. Not
 * thread-safe.
 */
public final class PeerProcess implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int END_SECONDS = 10;
  private static final int LOG_LINES = 3;

  private final Process process;
  private final Path folder;
  private final Writer requests;
  private final BufferedReader answers;
  private final String version;

  /** Models that have been loaded, which also number their files. */
  private int loaded;

  private PeerProcess(Process process, Path folder) throws IOException {
    this.process = process;
    this.folder = folder;
    requests = process.outputWriter(StandardCharsets.UTF_8);
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    version = answer().path("version").asText();
  }

  /**
   * Starts a peer.
   *
   * @param command the command line of the process; it first answers {@code {"version": ...}}.
   * @return the peer, which waits for requests.
   * @throws IOException if the process does not start or does not answer.
   */
  public static PeerProcess start(List<String> command) throws IOException {
    Path folder = TemporaryFiles.folder("peer");
    Process process = null;
    try {
      process = new ProcessBuilder(command).redirectError(log(folder).toFile()).start();
      return new PeerProcess(process, folder);
    } catch (IOException e) {
      if (process != null) {
        process.destroy();
      }
      TemporaryFiles.remove(folder);
      throw e;
    }
  }

  /**
   * The version of what runs the models.
   *
   * @return as the process gives it, such as {@code OpenVINO 2026.4.1}.
   */
  public String version() {
    return version;
  }

  /**
   * Loads a model. A dimension without a size (the batch) becomes 1.
   *
   * @param model an ONNX model of standard operators.
   * @param threads threads of a run.
   * @param inputs the bytes of every input, by name.
   * @return the model, ready to run.
   * @throws IOException if the peer cannot load or run it.
   */
  public Model load(byte[] model, int threads, Map<String, ByteBuffer> inputs) throws IOException {
    int number = loaded++;
    Path file = Files.write(folder.resolve(number + ".onnx"), model);
    Map<String, String> files = new LinkedHashMap<>();
    for (Map.Entry<String, ByteBuffer> input : inputs.entrySet()) {
      Path values = folder.resolve(number + "-" + files.size() + ".input");
      write(values, input.getValue().duplicate().rewind());
      files.put(input.getKey(), values.toString());
    }
    ask(Map.of("load", number, "model", file.toString(), "threads", threads, "inputs", files));
    return new Model(number);
  }

  private static void write(Path file, ByteBuffer bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  /** A model that the peer has loaded. Not thread-safe. */
  public final class Model {

    private final int number;

    private Model(int number) {
      this.number = number;
    }

    /**
     * Runs the model several times in a row.
     *
     * @param runs how often, at least once.
     * @param clock what counts as time: the peer's own clock of this kind.
     * @return seconds of all runs.
     * @throws IOException if a run fails.
     */
    public double seconds(int runs, Clock clock) throws IOException {
      JsonNode answer =
          ask(Map.of("run", number, "runs", runs, "clock", clock.name().toLowerCase(Locale.ROOT)));
      JsonNode seconds = answer.path("seconds");
      if (!seconds.isNumber() || !(seconds.asDouble() >= 0)) {
        throw new IOException(version + " answers a run with " + answer);
      }
      return seconds.asDouble();
    }

    /**
     * Runs the model once.
     *
     * @return the bytes of every output, in the order of the model's outputs.
     * @throws IOException if the run fails.
     */
    public List<ByteBuffer> outputs() throws IOException {
      JsonNode answer = ask(Map.of("outputs", number, "folder", folder.toString()));
      List<ByteBuffer> outputs = new ArrayList<>();
      for (JsonNode file : answer.path("files")) {
        outputs.add(
            ByteBuffer.wrap(Files.readAllBytes(Path.of(file.asText())))
                .order(ByteOrder.nativeOrder()));
      }
      return outputs;
    }
  }

  private JsonNode ask(Map<String, ?> request) throws IOException {
    requests.write(JSON.writeValueAsString(request) + "\n");
    requests.flush();
    return answer();
  }

  private JsonNode answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("The process ended: " + endOfLog());
    }
    JsonNode answer = JSON.readTree(line);
    if (answer.has("error")) {
      throw new IOException(answer.get("error").asText());
    }
    return answer;
  }

  private String endOfLog() throws IOException {
    List<String> lines = Files.readAllLines(log(folder));
    return String.join(" ", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
  }

  private static Path log(Path folder) {
    return folder.resolve("log");
  }

  /** Ends the process and deletes its files. */
  @Override
  public void close() throws IOException {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } finally {
      TemporaryFiles.remove(folder);
    }
  }
}

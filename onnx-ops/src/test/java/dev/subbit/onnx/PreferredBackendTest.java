package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PreferredBackendTest {

  private final ExecutionBackend bodies = new OnnxRuntimeBackend();
  private final Logger logger = Logger.getLogger(PreferredBackend.class.getName());
  private final List<LogRecord> records = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          records.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    PreferredBackend.forgetWarning();
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
  }

  @AfterEach
  void stopListening() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
  }

  /** The native back end as it is on a machine that Subbit has no native code for. */
  private static final class NoKernels implements ExecutionBackend {
    @Override
    public String name() {
      return "native";
    }

    @Override
    public void configure(OrtSession.SessionOptions options, Map<String, String> settings) {
      throw new IllegalStateException("not here");
    }

    @Override
    public List<Device> devices() {
      return List.of(new Device("cpu", "kernels", false, "There is nothing for macos-x86_64."));
    }
  }

  @Test
  void takesTheKernelsWhereTheyRunAndSaysNothing() {
    ExecutionBackend kernels = new NativeBackend();
    assertSame(kernels, PreferredBackend.of(kernels, bodies));
    assertEquals(List.of(), records);
  }

  @Test
  void takesTheBodiesElsewhereAndWarnsOnce() {
    assertSame(bodies, PreferredBackend.of(new NoKernels(), bodies));
    assertSame(bodies, PreferredBackend.of(new NoKernels(), bodies));
    assertEquals(1, records.size());
    assertEquals(Level.WARNING, records.get(0).getLevel());
    String message = records.get(0).getMessage();
    assertTrue(message.contains("There is nothing for macos-x86_64."), message);
    assertTrue(message.contains("function bodies"), message);
  }
}

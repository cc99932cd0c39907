package dev.subbit.fpga;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.ExecutionBackend.Device;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendChoiceTest {

  @Test
  void theSettingTakesPrecedenceOverThePropertyAndThatOverTheVariable() {
    Map<String, String> setting = Map.of("backend", "rtl");
    assertEquals("rtl", BackendChoice.requested(setting, "uio", "xdma"));
    assertEquals("uio", BackendChoice.requested(Map.of(), "uio", "xdma"));
    assertEquals("xdma", BackendChoice.requested(Map.of(), null, "xdma"));
    assertEquals("auto", BackendChoice.requested(Map.of(), null, null));
    assertEquals("xdma", BackendChoice.requested(Map.of("backend", ""), " ", "xdma"));
  }

  @Test
  void systemPropertyIsRead() {
    System.setProperty(BackendChoice.PROPERTY, "nonsense");
    try {
      assertThrows(IllegalArgumentException.class, () -> BackendChoice.of(Map.of()));
      assertEquals("emulator", BackendChoice.of(FpgaSessions.EMULATOR));
    } finally {
      System.clearProperty(BackendChoice.PROPERTY);
    }
  }

  @Test
  void autoWarnsOnceThatThereIsNoBoard() {
    List<String> warnings = new CopyOnWriteArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            warnings.add(entry.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(BackendChoice.class.getName());
    logger.addHandler(handler);
    try {
      BackendChoice.forgetWarning();
      assertEquals("emulator", BackendChoice.of(FpgaSessions.EMULATOR));
      assertEquals(List.of(), warnings, "no warning if the emulator was asked for");
      assertEquals("emulator", BackendChoice.of(Map.of("backend", "auto")));
      assertEquals("emulator", BackendChoice.of(Map.of("backend", "auto")));
      assertEquals(1, warnings.size());
      assertTrue(warnings.get(0).contains("emulator"), warnings.get(0));
    } finally {
      logger.removeHandler(handler);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"xdma", "uio", "etherbone"})
  void absentDeviceIsAnErrorThatNamesTheRemedy(String name) {
    String message =
        assertThrows(
                IllegalStateException.class,
                () -> FpgaSessions.open(TestModels.binary(1, 1), "fpga", Map.of("backend", name)))
            .getMessage();
    assertTrue(message.contains("'" + name + "' is not available"), message);
    assertTrue(message.contains("Choose 'emulator' or 'auto'"), message);
  }

  @Test
  void unknownDeviceIsAnErrorThatListsTheAllowedNames() {
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> BackendChoice.of(Map.of("backend", "gpu")))
            .getMessage();
    for (String word : List.of("'gpu'", "auto", "emulator", "rtl", "xdma", "uio", "etherbone")) {
      assertTrue(message.contains(word), message);
    }
  }

  @Test
  void boardInTheNetworkIsNamedByItsHost() {
    assertEquals(
        "etherbone:192.168.1.50:1234",
        BackendChoice.of(Map.of("backend", "etherbone:192.168.1.50")));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> BackendChoice.of(Map.of("backend", "etherbone:host:0")))
            .getMessage();
    assertTrue(message.contains("etherbone:HOST:PORT"), message);
  }

  @Test
  void unknownSettingIsAnError() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> FpgaSessions.open(TestModels.binary(1, 1), "fpga", Map.of("lanes", "4")))
            .getMessage();
    assertTrue(message.contains("'lanes'") && message.contains("timeout_ms"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-5", "soon", "10x", "99999999999999999999"})
  void badTimeoutIsAnErrorThatNamesTheOption(String timeout) {
    Map<String, String> settings = Map.of("backend", "emulator", "timeout_ms", timeout);
    String message =
        assertThrows(
                Exception.class, () -> FpgaSessions.open(TestModels.binary(1, 1), "fpga", settings))
            .getMessage();
    assertTrue(message.contains("timeout_ms") && message.contains(timeout), message);
  }

  @Test
  void everyCandidateIsListedWithAReason() {
    List<Device> devices = ExecutionBackend.named("fpga").devices();
    assertEquals(
        List.of(
            "xdma",
            "uio",
            "etherbone",
            "emulator",
            "emulator:shared",
            "emulator:binary",
            "emulator:tables",
            "emulator:tables32",
            "rtl",
            "rtl:shared",
            "rtl:binary",
            "rtl:tables",
            "rtl:tables32"),
        devices.stream().map(Device::name).collect(Collectors.toList()));
    for (Device device : devices) {
      assertEquals(device.available(), device.reason().isEmpty(), device.toString());
      assertEquals(
          device.available(),
          !List.of("xdma", "uio", "etherbone").contains(device.name()),
          device.toString());
      assertFalse(device.description().isBlank());
    }
  }

  @Test
  void hostIsReported() {
    HostReport host = HostReport.ofThisMachine();
    assertEquals(Runtime.getRuntime().availableProcessors(), host.cores());
    assertTrue(host.memoryBytes() > 0);
    assertTrue(host.summary().contains(host.processor()));
  }
}

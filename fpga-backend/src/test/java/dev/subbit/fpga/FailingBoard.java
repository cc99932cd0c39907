package dev.subbit.fpga;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A PCIe board that answers but never computes. It consists of the device files, in the folder that
 * {@code SUBBIT_FPGA_ROOT} names, and a thread that acts as its registers. (A board that computes
 * is emulated in the native tests, board/testing/fake_board.h.)
 */
final class FailingBoard implements AutoCloseable {

  /** What the board does with a request. */
  enum Behaviour {
    HANGS,
    REPORTS_AN_ERROR,
    VANISHES
  }

  private static final int DONE_IDLE_READY =
      DeviceContract.CONTROL_DONE | DeviceContract.CONTROL_IDLE | DeviceContract.CONTROL_READY;
  private static final int ALL_FEATURES_BUT_BASE =
      DeviceContract.FEATURES_INT8
          | DeviceContract.FEATURES_BINARY
          | DeviceContract.FEATURES_ANY_STRIDE
          | DeviceContract.FEATURES_DILATION
          | DeviceContract.FEATURES_GROUPS
          | DeviceContract.FEATURES_RESIDUAL
          | DeviceContract.FEATURES_BITS_OUT;
  private static final int WINDOW_BYTES = 4096;

  private final Path root = Path.of(System.getenv("SUBBIT_FPGA_ROOT"));
  private final MappedByteBuffer registers;
  private final Thread hardware = new Thread(this::serve, "failing board");
  private Behaviour behaviour = Behaviour.HANGS;
  private int requests;
  private volatile boolean closed;

  FailingBoard() throws IOException {
    Path dev = Files.createDirectories(root.resolve("dev"));
    try (FileChannel file =
        FileChannel.open(
            dev.resolve("xdma0_user"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      registers = file.map(FileChannel.MapMode.READ_WRITE, 0, WINDOW_BYTES);
      registers.order(ByteOrder.LITTLE_ENDIAN);
    }
    for (String direction : List.of("h2c", "c2h")) {
      Files.write(dev.resolve("xdma0_" + direction + "_0"), new byte[1 << 20]);
    }
    powerUp();
    hardware.setDaemon(true);
    hardware.start();
  }

  synchronized void behave(Behaviour next) {
    boolean comesBack = behaviour == Behaviour.VANISHES && next != Behaviour.VANISHES;
    behaviour = next;
    if (comesBack) {
      powerUp();
    }
    // Step here too: on a busy machine, the hardware's thread may have to wait for longer than a
    // time-out.
    step();
  }

  /** The number of requests that were started. */
  synchronized int requests() {
    return requests;
  }

  void setId(int id) {
    registers.putInt(DeviceContract.REGISTER_ID, id);
  }

  /** Sets the registers of docs/DEVICE.md to their values after power-up. */
  private void powerUp() {
    for (int offset = 0; offset < DeviceContract.REGISTER_BYTES; offset += 4) {
      registers.putInt(offset, 0);
    }
    registers.putInt(DeviceContract.REGISTER_ID, DeviceContract.ID_VALUE);
    registers.putInt(DeviceContract.REGISTER_VERSION, DeviceContract.VERSION_VALUE);
    registers.putInt(
        DeviceContract.REGISTER_ENGINE,
        1 << DeviceContract.ENGINE_DOT_UNITS_LOWEST
            | 4 << DeviceContract.ENGINE_ACCUMULATORS_LOWEST
            | 64 << DeviceContract.ENGINE_TABLE_DEPTH_LOWEST);
    registers.putInt(DeviceContract.REGISTER_FEATURES, ALL_FEATURES_BUT_BASE);
    registers.putInt(DeviceContract.REGISTER_MAX_CHANNELS, 65535);
    registers.putInt(DeviceContract.REGISTER_MAX_WIDTH, 65535);
    registers.putInt(DeviceContract.REGISTER_MEMORY_LOW, 1 << 20);
    registers.putInt(DeviceContract.REGISTER_CONTROL, DeviceContract.CONTROL_IDLE);
  }

  private void serve() {
    while (!closed) {
      step();
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private synchronized void step() {
    if (behaviour == Behaviour.VANISHES) {
      for (int offset = 0; offset < DeviceContract.REGISTER_BYTES; offset += 4) {
        registers.putInt(offset, -1);
      }
    } else if (registers.getInt(DeviceContract.REGISTER_RESET) == DeviceContract.RESET_ABORT) {
      registers.putInt(DeviceContract.REGISTER_DESCRIPTORS_LOW, 0);
      registers.putInt(DeviceContract.REGISTER_CONTROL, DeviceContract.CONTROL_IDLE);
      registers.putInt(DeviceContract.REGISTER_RESET, 0);
    } else if ((registers.getInt(DeviceContract.REGISTER_CONTROL) & DeviceContract.CONTROL_START)
        != 0) {
      requests++;
      registers.putInt(DeviceContract.REGISTER_CONTROL, 0);
      if (behaviour == Behaviour.REPORTS_AN_ERROR) {
        registers.putInt(DeviceContract.REGISTER_ERROR, DeviceContract.ERROR_INTERNAL);
        registers.putInt(DeviceContract.REGISTER_CONTROL, DONE_IDLE_READY);
      }
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    try {
      hardware.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> files = Files.walk(root.resolve("dev"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}

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

  private static final int CONTROL = 0x00;
  private static final int RESET = 0x44;
  private static final int DESCRIPTORS = 0x30;
  private static final int ERROR = 0x3C;
  private static final int START = 1;
  private static final int DONE_IDLE_READY = 0b1110;
  private static final int IDLE = 0b0100;
  private static final int REGISTER_BYTES = 4096;

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
      registers = file.map(FileChannel.MapMode.READ_WRITE, 0, REGISTER_BYTES);
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
    registers.putInt(0x10, id);
  }

  /** Sets the registers of docs/DEVICE.md to their values after power-up. */
  private void powerUp() {
    for (int offset = 0; offset < 0x64; offset += 4) {
      registers.putInt(offset, 0);
    }
    registers.putInt(0x10, 0x54494253);
    registers.putInt(0x14, 0x00010004);
    registers.putInt(0x18, 64 << 16 | 4 << 8 | 1);
    registers.putInt(0x1C, 0b11011111);
    registers.putInt(0x20, 65535);
    registers.putInt(0x24, 65535);
    registers.putInt(0x28, 1 << 20);
    registers.putInt(CONTROL, IDLE);
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
      for (int offset = 0; offset < 0x64; offset += 4) {
        registers.putInt(offset, -1);
      }
    } else if (registers.getInt(RESET) == 1) {
      registers.putInt(DESCRIPTORS, 0);
      registers.putInt(CONTROL, IDLE);
      registers.putInt(RESET, 0);
    } else if ((registers.getInt(CONTROL) & START) != 0) {
      requests++;
      registers.putInt(CONTROL, 0);
      if (behaviour == Behaviour.REPORTS_AN_ERROR) {
        registers.putInt(ERROR, 9);
        registers.putInt(CONTROL, DONE_IDLE_READY);
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

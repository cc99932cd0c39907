package dev.subbit.fpga;

import oshi.SystemInfo;
import oshi.hardware.HardwareAbstractionLayer;

/**
 * Describes the machine that the emulator runs on and that boards are plugged into.
 *
 * @param processor name of the processor, as its manufacturer gives it.
 * @param cores logical processors.
 * @param memoryBytes physical memory.
 * @param platform operating system family and version.
 */
public record HostReport(String processor, int cores, long memoryBytes, String platform) {

  /**
   * Queries the operating system for the properties of this machine.
   *
   * @return the report on this machine.
   */
  public static HostReport ofThisMachine() {
    SystemInfo system = new SystemInfo();
    HardwareAbstractionLayer hardware = system.getHardware();
    return new HostReport(
        hardware.getProcessor().getProcessorIdentifier().getName().strip(),
        hardware.getProcessor().getLogicalProcessorCount(),
        hardware.getMemory().getTotal(),
        system.getOperatingSystem().toString());
  }

  /**
   * Summarises the report in one line of text for users.
   *
   * @return one line, such as {@code AMD EPYC, 2 cores, 23 GiB, Debian GNU/Linux 12}.
   */
  public String summary() {
    return processor + ", " + cores + " cores, " + (memoryBytes >> 30) + " GiB, " + platform;
  }
}

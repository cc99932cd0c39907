package dev.subbit.fpga;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What kind of fault ended a request to a device. */
public enum FpgaFault {
  /** The device did not finish within {@code timeout_ms}. It was reset. */
  TIMEOUT,
  /** The device reported an error code. */
  DEVICE_ERROR,
  /** The device is no Subbit engine, or of a version that this driver does not know. */
  WRONG_DEVICE,
  /** The device no longer answers, or was reset by somebody else; only a new session finds it. */
  VANISHED,
  /** Data could not be moved to or from the device. */
  TRANSFER,
  /** A layer, or one image of it, does not fit into device memory. */
  OUT_OF_MEMORY,
  /** The device cannot run such a layer. */
  UNSUPPORTED;

  /** The wording of the driver's errors (ep/fallback.cc). */
  private static final Pattern WORDING = Pattern.compile("FPGA fault ([A-Z_]+): ");

  /**
   * The fault that an exception from ONNX Runtime reports. ONNX Runtime passes only text through;
   * this reads the kind out of it.
   *
   * @param exception what a session threw.
   * @return the kind of fault, or nothing if the exception has another cause.
   */
  public static Optional<FpgaFault> of(Throwable exception) {
    String message = exception.getMessage();
    Matcher found = WORDING.matcher(message == null ? "" : message);
    if (!found.find()) {
      return Optional.empty();
    }
    for (FpgaFault fault : values()) {
      if (fault.name().equals(found.group(1))) {
        return Optional.of(fault);
      }
    }
    return Optional.empty();
  }
}

package dev.subbit.fpga;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The kinds of faults that can end a request to a device. */
public enum FpgaFault {
  /** The device did not finish within {@code timeout_ms}. It was reset. */
  TIMEOUT,
  /** The device reported an error code. */
  DEVICE_ERROR,
  /** The device is not a Subbit engine, or has a version that this driver does not know. */
  WRONG_DEVICE,
  /** The device no longer answers, or somebody else has reset it; only a new session can use it. */
  VANISHED,
  /** Data could not be moved to or from the device. */
  TRANSFER,
  /** The weights of a layer, or a single image, do not fit into device memory. */
  OUT_OF_MEMORY,
  /** The device cannot run this kind of layer. */
  UNSUPPORTED;

  /** How the driver's error messages begin (ep/fallback.cc). */
  private static final Pattern WORDING = Pattern.compile("FPGA fault ([A-Z_]+): ");

  /**
   * Returns the kind of fault that an exception from ONNX Runtime reports. ONNX Runtime passes on
   * only the text of an error, from which this method reads the kind.
   *
   * @param exception the exception that a session threw.
   * @return the kind of fault, or empty if the exception has another cause.
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

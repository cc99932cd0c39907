package dev.subbit.onnx;

import ai.onnxruntime.OrtEnvironment;
import java.util.Optional;

/**
 * The ONNX Runtime on the class path, which may be older than the one that Subbit asks for: a
 * project that declares another library first gets that library's choice.
 */
public final class OnnxRuntimeVersion {

  /** The oldest ONNX Runtime that runs Subbit's native code, which uses its API 24. */
  public static final String OLDEST_FOR_NATIVE_CODE = "1.24";

  private static final int[] OLDEST = parts(OLDEST_FOR_NATIVE_CODE);

  private OnnxRuntimeVersion() {}

  /**
   * Tells why Subbit's native code cannot run in the ONNX Runtime that was found. Models run on
   * their function bodies there.
   *
   * @return the version found, the version needed and what to do; empty if the version is new
   *     enough.
   */
  public static Optional<String> tooOldForNativeCode() {
    String found = OrtEnvironment.getEnvironment().getVersion();
    return isTooOld(found)
        ? Optional.of(
            "ONNX Runtime "
                + found
                + " was found, but Subbit's native code needs "
                + OLDEST_FOR_NATIVE_CODE
                + " or newer. Import dev.subbit:subbit-bom in dependencyManagement, or declare"
                + " com.microsoft.onnxruntime:onnxruntime yourself")
        : Optional.empty();
  }

  /**
   * Checks that a back end can load native code.
   *
   * @param backend name of the back end, for the message.
   * @throws IllegalStateException if ONNX Runtime is too old; the message says which version was
   *     found and which is needed.
   */
  public static void requireForNativeCode(String backend) {
    tooOldForNativeCode()
        .ifPresent(
            reason -> {
              throw new IllegalStateException(
                  "Back end '" + backend + "' cannot run here: " + reason + ".");
            });
  }

  static boolean isTooOld(String found) {
    int[] version = parts(found);
    return version[0] < OLDEST[0] || version[0] == OLDEST[0] && version[1] < OLDEST[1];
  }

  /** Major and minor version. */
  private static int[] parts(String version) {
    String[] numbers = version.split("[^0-9]+");
    return new int[] {Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1])};
  }
}

package dev.subbit.onnx;

import java.util.List;
import java.util.Locale;

/**
 * An operating system and a processor, named as the native build names them.
 *
 * @param name such as {@code linux-x86_64}.
 */
record Platform(String name) {

  /** What the jars of a release hold native code for. */
  static final List<String> SUPPORTED =
      List.of("linux-x86_64", "linux-aarch64", "windows-x86_64", "macos-aarch64");

  /** The platform of this process. */
  static Platform current() {
    return of(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  /**
   * The platform that Java describes by two system properties.
   *
   * @param osName value of {@code os.name}.
   * @param osArch value of {@code os.arch}.
   */
  static Platform of(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT);
    if (os.startsWith("mac")) {
      os = "macos";
    } else if (os.startsWith("windows")) {
      os = "windows";
    }
    String arch = osArch.toLowerCase(Locale.ROOT);
    if (arch.equals("amd64")) {
      arch = "x86_64";
    } else if (arch.equals("arm64")) {
      arch = "aarch64";
    }
    return new Platform(os + "-" + arch);
  }

  boolean isSupported() {
    return SUPPORTED.contains(name);
  }

  boolean isWindows() {
    return name.startsWith("windows-");
  }

  /** File name of Subbit's library of that short name, as this platform spells it. */
  String fileName(String library) {
    if (isWindows()) {
      return "subbit_" + library + ".dll";
    }
    return "libsubbit_" + library + (name.startsWith("macos-") ? ".dylib" : ".so");
  }

  /**
   * Why there is no native code for this platform in the jar, and what to do.
   *
   * @param library short name of the library that is missing.
   */
  String whyMissing(String library) {
    String otherwise = ", or name a library with -Dsubbit." + library + ".library=PATH.";
    if (isSupported()) {
      return "This build of Subbit has no library '"
          + library
          + "' for "
          + name
          + ". Build it on "
          + (isWindows() ? "linux-x86_64" : "this platform")
          + " (./mvnw package)"
          + otherwise;
    }
    return "Subbit has no native code for "
        + name
        + ", only for "
        + String.join(", ", SUPPORTED)
        + ". Use the back end 'onnxruntime', which runs the function bodies inside the model on any"
        + " ONNX Runtime"
        + otherwise;
  }

  /**
   * Why a library that is there cannot be loaded, and what to do.
   *
   * @param error what Java said.
   */
  String whyNotLoaded(UnsatisfiedLinkError error) {
    String reason = "Subbit's native code for " + name + " cannot be loaded: " + error.getMessage();
    if (name.startsWith("linux-")) {
      reason +=
          " (it needs glibc 2.28 or newer, which a Linux built on musl, such as Alpine, does not"
              + " have, and a temporary folder that allows execution: -Dsubbit.tmpdir=FOLDER names"
              + " another)";
    }
    return reason + ".";
  }
}

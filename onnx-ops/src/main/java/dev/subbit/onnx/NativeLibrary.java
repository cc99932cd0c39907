package dev.subbit.onnx;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds the native libraries that travel inside Subbit's jars.
 *
 * <p>A library is a resource {@code /<package of the anchor>/native/<platform>/libsubbit_<name>.so}
 * ({@code libsubbit_<name>.dylib} on macOS, {@code subbit_<name>.dll} on Windows). It is unpacked
 * once per process to a private temporary folder (only the user may enter it), which is removed
 * when the process ends, or by the next process where that was not possible. Two system properties
 * change this:
 *
 * <ul>
 *   <li>{@code subbit.<name>.library}: path of a library to use instead;
 *   <li>{@code subbit.tmpdir}: folder in which to create the temporary folder, instead of {@code
 *       java.io.tmpdir}; needed if that one is mounted without permission to execute.
 * </ul>
 *
 * <p>Thread-safe.
 */
public final class NativeLibrary {

  private static final Map<String, Path> UNPACKED = new ConcurrentHashMap<>();

  private NativeLibrary() {}

  /**
   * Returns the path of a library and unpacks it if necessary.
   *
   * @param anchor a class of the package and jar that hold the library.
   * @param name short name of the library, such as {@code ops} for {@code libsubbit_ops.so}.
   * @return absolute path of the library, valid until this process ends.
   * @throws IllegalStateException if there is no library for this platform, the one named by the
   *     property does not exist, or the library cannot be unpacked; the message names the platform
   *     and says what to do.
   */
  public static Path locate(Class<?> anchor, String name) {
    String property = "subbit." + name + ".library";
    String override = System.getProperty(property);
    if (override != null) {
      Path path = Path.of(override).toAbsolutePath();
      if (!Files.isRegularFile(path)) {
        throw new IllegalStateException(
            "System property "
                + property
                + " names '"
                + path
                + "', which is not a file. Correct it, or remove it to use the library in the"
                + " jar.");
      }
      return path;
    }
    String resource = resource(anchor, name);
    return UNPACKED.computeIfAbsent(resource, key -> unpack(anchor, key, name));
  }

  /**
   * Returns the platform that this process runs on, which is the name of a folder of native
   * libraries.
   *
   * @return such as {@code linux-x86_64}, {@code linux-aarch64}, {@code windows-x86_64} or {@code
   *     macos-aarch64}.
   */
  public static String platform() {
    return Platform.current().name();
  }

  /**
   * Says why {@link System#load} refused a library that {@link #locate} found.
   *
   * @param error what it threw.
   * @return an exception to throw; the message says what to do.
   */
  public static IllegalStateException notLoaded(UnsatisfiedLinkError error) {
    return new IllegalStateException(Platform.current().whyNotLoaded(error), error);
  }

  /**
   * Tests whether a library is in the jar of its anchor; a build may leave some libraries out.
   *
   * @param anchor a class of the package and jar that may hold the library.
   * @param name short name of the library.
   * @return whether {@link #locate} would find it there.
   */
  public static boolean isPacked(Class<?> anchor, String name) {
    return anchor.getResource(resource(anchor, name)) != null;
  }

  private static String resource(Class<?> anchor, String name) {
    Platform platform = Platform.current();
    return "/"
        + anchor.getPackageName().replace('.', '/')
        + "/native/"
        + platform.name()
        + "/"
        + platform.fileName(name);
  }

  private static Path unpack(Class<?> anchor, String resource, String name) {
    Platform platform = Platform.current();
    try (InputStream library = anchor.getResourceAsStream(resource)) {
      if (library == null) {
        throw new IllegalStateException(platform.whyMissing(name));
      }
      Path file = TemporaryFiles.folder().resolve(platform.fileName(name));
      Files.copy(library, file);
      return file;
    } catch (IOException e) {
      throw new IllegalStateException(
          "Cannot unpack library '"
              + name
              + "' for "
              + platform.name()
              + " ("
              + e.getMessage()
              + "). Name a writable folder with -Dsubbit.tmpdir=FOLDER.",
          e);
    }
  }
}

package dev.subbit.onnx;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds the native libraries that travel inside Subbit's jars.
 *
 * <p>A library is a resource {@code /<package of the anchor>/native/<platform>/libsubbit_<name>.so}
 * ({@code .dylib} on macOS). It is unpacked once per process into a private temporary folder, which
 * only the user may enter and which is removed when the process ends. Two system properties change
 * this:
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
  private static Path folder;

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
                + "', which is not a file. Correct it, or remove it to use the library in the jar.");
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
   * @return such as {@code linux-x86_64}, {@code linux-aarch64} or {@code macos-aarch64}.
   */
  public static String platform() {
    return platform(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  static String platform(String osName, String osArch) {
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
    return os + "-" + arch;
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
    return "/"
        + anchor.getPackageName().replace('.', '/')
        + "/native/"
        + platform()
        + "/"
        + fileName(name);
  }

  private static String fileName(String name) {
    return "libsubbit_" + name + (platform().startsWith("macos") ? ".dylib" : ".so");
  }

  private static Path unpack(Class<?> anchor, String resource, String name) {
    try (InputStream library = anchor.getResourceAsStream(resource)) {
      if (library == null) {
        throw new IllegalStateException(
            "This build of Subbit has no library '"
                + name
                + "' for "
                + platform()
                + ". Build it on this platform (./mvnw package), or name a library with"
                + " -Dsubbit."
                + name
                + ".library=PATH.");
      }
      Path file = folder().resolve(fileName(name));
      Files.copy(library, file);
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new IllegalStateException(
          "Cannot unpack library '"
              + name
              + "' for "
              + platform()
              + " ("
              + e.getMessage()
              + "). Name a writable folder with -Dsubbit.tmpdir=FOLDER.",
          e);
    }
  }

  /** The temporary folder of this process. Java creates it for the user alone (mode 0700). */
  private static synchronized Path folder() throws IOException {
    if (folder == null) {
      String parent = System.getProperty("subbit.tmpdir", System.getProperty("java.io.tmpdir"));
      folder = Files.createTempDirectory(Path.of(parent).toAbsolutePath(), "subbit-");
      // Deleted in reverse order of registration: the libraries first, then the folder.
      folder.toFile().deleteOnExit();
    }
    return folder;
  }
}

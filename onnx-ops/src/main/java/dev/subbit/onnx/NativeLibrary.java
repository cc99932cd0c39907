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
 *   <li>{@code subbit.<name>.library}: path of a library to take instead;
 *   <li>{@code subbit.tmpdir}: folder to make the temporary folder in, instead of {@code
 *       java.io.tmpdir}; needed where that one is mounted without the right to execute.
 * </ul>
 *
 * <p>Thread-safe.
 */
public final class NativeLibrary {

  private static final Map<String, Path> UNPACKED = new ConcurrentHashMap<>();
  private static Path folder;

  private NativeLibrary() {}

  /**
   * Finds a library, unpacking it if need be.
   *
   * @param anchor a class of the package and jar that hold the library.
   * @param name short name of the library, such as {@code ops} for {@code libsubbit_ops.so}.
   * @return absolute path of the library, valid until this process ends.
   * @throws IllegalStateException if there is none for this platform, the named one does not exist,
   *     or it cannot be unpacked; the message names the platform and what to do.
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
   * The platform this process runs on, as native libraries are sorted by.
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
   * Whether a library is in the jar of its anchor, for libraries that a build may leave out.
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
      Path file = folder(platform).resolve(platform.fileName(name));
      Files.copy(library, file);
      file.toFile().deleteOnExit();
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

  /** The temporary folder of this process. */
  private static synchronized Path folder(Platform platform) throws IOException {
    if (folder == null) {
      String parent = System.getProperty("subbit.tmpdir", System.getProperty("java.io.tmpdir"));
      folder = UnpackFolder.create(Path.of(parent).toAbsolutePath(), platform);
    }
    return folder;
  }
}

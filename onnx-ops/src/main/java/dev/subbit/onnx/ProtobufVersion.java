package dev.subbit.onnx;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.security.CodeSource;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarInputStream;
import java.util.jar.Manifest;

/**
 * The protobuf runtime on the class path, which another library of the project may have chosen.
 * Generated code, Subbit's and Tribuo's, fails on an older one with errors that name methods and
 * classes; this class says what they mean.
 */
public final class ProtobufVersion {

  /** The oldest protobuf-java that stored models and ONNX files can be read and written with. */
  public static final String OLDEST = "3.25";

  private static final int OLDEST_MAJOR = 3;
  private static final int OLDEST_MINOR = 25;
  private static final String UNKNOWN = "of unknown version";
  private static final String FOUND = found();

  private ProtobufVersion() {}

  /**
   * Checks that the runtime is new enough. A version that cannot be told is let pass.
   *
   * @throws IllegalStateException if it is too old; the message says which version was found and
   *     which is needed.
   */
  public static void require() {
    if (isTooOld(FOUND)) {
      throw new IllegalStateException(message());
    }
  }

  /**
   * Explains an error of linking as one of protobuf's version, if it can be.
   *
   * @param error what was thrown where messages were read or written.
   * @return which version was found and which is needed; empty if the error is about other classes.
   */
  public static Optional<String> explain(LinkageError error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (String.valueOf(cause.getMessage()).replace('/', '.').contains("com.google.protobuf")) {
        return Optional.of(message());
      }
    }
    return isTooOld(FOUND) ? Optional.of(message()) : Optional.empty();
  }

  private static String message() {
    return "protobuf-java "
        + FOUND
        + " was found, but "
        + OLDEST
        + " or newer is needed to read and write models. Import dev.subbit:subbit-bom in"
        + " dependencyManagement, or declare com.google.protobuf:protobuf-java yourself.";
  }

  static boolean isTooOld(String version) {
    if (version.equals(UNKNOWN)) {
      return false;
    }
    String[] numbers = version.split("[^0-9]+");
    int major = Integer.parseInt(numbers[0]);
    return major < OLDEST_MAJOR
        || major == OLDEST_MAJOR && Integer.parseInt(numbers[1]) < OLDEST_MINOR;
  }

  /** Releases since 4.26 carry their version in a class, those before in their jar's manifest. */
  private static String found() {
    try {
      Class<?> version = Class.forName("com.google.protobuf.RuntimeVersion");
      return constant(version, "MAJOR")
          + "."
          + constant(version, "MINOR")
          + "."
          + constant(version, "PATCH");
    } catch (ReflectiveOperationException e) {
      return versionInManifest();
    }
  }

  private static int constant(Class<?> version, String name) throws ReflectiveOperationException {
    try {
      return version.getField(name).getInt(null);
    } catch (NoSuchFieldException e) {
      return version.getField("OSS_" + name).getInt(null);
    }
  }

  private static String versionInManifest() {
    CodeSource source = MessageLite.class.getProtectionDomain().getCodeSource();
    if (source == null) {
      return UNKNOWN;
    }
    try (JarInputStream jar = new JarInputStream(source.getLocation().openStream())) {
      Manifest manifest = jar.getManifest();
      if (manifest == null) {
        return UNKNOWN;
      }
      Attributes attributes = manifest.getMainAttributes();
      // A merged jar has another name and another version.
      return "com.google.protobuf".equals(attributes.getValue("Bundle-SymbolicName"))
          ? attributes.getValue("Bundle-Version")
          : UNKNOWN;
    } catch (IOException e) {
      return UNKNOWN;
    }
  }
}

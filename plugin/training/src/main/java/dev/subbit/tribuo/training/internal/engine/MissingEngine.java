package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.onnx.NativeLibrary;
import java.util.Map;
import java.util.stream.Stream;

/** Says what of TensorFlow is missing on the class path, and what to add. */
public final class MissingEngine {

  /** The artifact of TensorFlow's library; its classifier is to be added. */
  public static final String LIBRARY = "org.tensorflow:tensorflow-core-native:1.1.0:";

  /** The end of a classifier whose library computes on GPUs, too. */
  public static final String GPU = "-gpu";

  private static final String JAVA_CLASSES = "org/tensorflow/TensorFlow.class";
  private static final String LIBRARY_FOLDER = "org/tensorflow/internal/c_api/";

  /** TensorFlow's names of the platforms that it has a library for, by Subbit's names. */
  private static final Map<String, String> CLASSIFIERS =
      Map.of(
          "linux-x86_64", "linux-x86_64",
          "linux-aarch64", "linux-arm64",
          "macos-aarch64", "macosx-arm64",
          "windows-x86_64", "windows-x86_64");

  private MissingEngine() {}

  /**
   * The message for this machine and this class path.
   *
   * @param cause the error that loading met; null for none.
   * @return what is missing, and what to add.
   */
  public static String message(Throwable cause) {
    ClassLoader loader = MissingEngine.class.getClassLoader();
    String platform = NativeLibrary.platform();
    if (loader.getResource(JAVA_CLASSES) == null) {
      return "Training needs TensorFlow on the class path: add"
          + " org.tensorflow:tensorflow-core-api:1.1.0 and "
          + whatToAdd(platform)
          + ". Prediction works without.";
    }
    String classifier = CLASSIFIERS.get(platform);
    if (classifier != null && hasLibrary(loader, classifier)) {
      return "TensorFlow's library for " + platform + " cannot be loaded: " + root(cause);
    }
    return missingLibrary(platform);
  }

  /** The message where TensorFlow's Java classes are there and its library is not. */
  static String missingLibrary(String platform) {
    if (!CLASSIFIERS.containsKey(platform)) {
      return "TensorFlow has no library for "
          + platform
          + ", so networks cannot be trained here. Prediction works without.";
    }
    return "TensorFlow's library for "
        + platform
        + " is not on the class path: add "
        + whatToAdd(platform)
        + ". Prediction works without.";
  }

  private static String whatToAdd(String platform) {
    return LIBRARY
        + CLASSIFIERS.getOrDefault(platform, "CLASSIFIER")
        + ", or org.tensorflow:tensorflow-core-platform:1.1.0 for all platforms";
  }

  private static boolean hasLibrary(ClassLoader loader, String classifier) {
    return Stream.of(classifier, classifier + GPU)
        .anyMatch(folder -> loader.getResource(LIBRARY_FOLDER + folder + "/") != null);
  }

  private static Throwable root(Throwable cause) {
    return cause.getCause() == null ? cause : root(cause.getCause());
  }
}

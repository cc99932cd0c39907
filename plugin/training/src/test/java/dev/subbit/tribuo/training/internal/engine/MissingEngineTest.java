package dev.subbit.tribuo.training.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MissingEngineTest {

  @Test
  void namesTheArtifactOfThePlatform() {
    assertEquals(
        "TensorFlow's library for macos-aarch64 is not on the class path: add"
            + " org.tensorflow:tensorflow-core-native:1.1.0:macosx-arm64, or"
            + " org.tensorflow:tensorflow-core-platform:1.1.0 for all platforms. Prediction works"
            + " without.",
        MissingEngine.missingLibrary("macos-aarch64"));
  }

  @Test
  void saysWhereTensorFlowHasNoLibrary() {
    String message = MissingEngine.missingLibrary("windows-aarch64");
    assertTrue(message.startsWith("TensorFlow has no library for windows-aarch64"), message);
  }

  @Test
  void doesNotCallALibraryMissingThatIsThereAndFails() {
    String message = MissingEngine.message(new UnsatisfiedLinkError("GLIBC_2.99 not found"));
    assertTrue(message.contains("cannot be loaded"), message);
    assertTrue(message.contains("GLIBC_2.99"), message);
  }
}

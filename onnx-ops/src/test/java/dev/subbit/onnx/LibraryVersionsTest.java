package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which versions of ONNX Runtime and protobuf are called too old, and in which words. */
class LibraryVersionsTest {

  @ParameterizedTest
  @ValueSource(strings = {"1.24.0", "1.24.2", "1.29.0", "1.100.1", "2.0.0", "1.30.0-dev"})
  void nativeCodeRunsInTheseRuntimes(String version) {
    assertFalse(OnnxRuntimeVersion.isTooOld(version));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.20.0", "1.23.9", "0.30.0"})
  void nativeCodeNeedsANewerRuntimeThan(String version) {
    assertTrue(OnnxRuntimeVersion.isTooOld(version));
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.25.0", "3.25.6", "4.29.3", "4.36.2", "of unknown version"})
  void modelsAreReadWithTheseProtobufs(String version) {
    assertFalse(ProtobufVersion.isTooOld(version));
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.19.6", "3.24.4", "2.6.1"})
  void modelsNeedANewerProtobufThan(String version) {
    assertTrue(ProtobufVersion.isTooOld(version));
  }

  @Test
  void anErrorOfLinkingProtobufNamesTheVersions() {
    String message =
        ProtobufVersion.explain(new NoClassDefFoundError("com/google/protobuf/MapFieldBuilder"))
            .orElseThrow();
    assertTrue(message.matches("protobuf-java \\d+\\.\\d+\\.\\d+ was found.*3\\.25.*"), message);
  }

  @Test
  void anErrorOfLinkingOtherClassesIsNotProtobufs() {
    assertEquals(
        Optional.empty(), ProtobufVersion.explain(new NoClassDefFoundError("com/example/Absent")));
  }
}

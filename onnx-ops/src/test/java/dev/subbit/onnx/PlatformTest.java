package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {

  @ParameterizedTest
  @CsvSource({
    "Linux, amd64, linux-x86_64, libsubbit_ops.so",
    "Linux, aarch64, linux-aarch64, libsubbit_ops.so",
    "Mac OS X, arm64, macos-aarch64, libsubbit_ops.dylib",
    "Mac OS X, aarch64, macos-aarch64, libsubbit_ops.dylib",
    "Windows 11, amd64, windows-x86_64, subbit_ops.dll",
    "Windows Server 2022, amd64, windows-x86_64, subbit_ops.dll",
  })
  void namesPlatformsAndFilesAsTheNativeBuildDoes(
      String osName, String osArch, String platform, String file) {
    assertEquals(platform, Platform.of(osName, osArch).name());
    assertTrue(Platform.of(osName, osArch).isSupported());
    assertEquals(file, Platform.of(osName, osArch).fileName("ops"));
  }

  @ParameterizedTest
  @CsvSource({
    "Mac OS X, x86_64, macos-x86_64",
    "Windows 11, aarch64, windows-aarch64",
    "Windows 10, x86, windows-x86",
    "Linux, riscv64, linux-riscv64",
    "FreeBSD, amd64, freebsd-x86_64",
  })
  void saysWhichPlatformsThereAreOnAnother(String osName, String osArch, String platform) {
    Platform other = Platform.of(osName, osArch);
    assertEquals(platform, other.name());
    assertFalse(other.isSupported());
    String message = other.whyMissing("ops");
    assertTrue(message.contains("no native code for " + platform), message);
    assertTrue(message.contains(String.join(", ", Platform.SUPPORTED)), message);
    assertTrue(message.contains("'onnxruntime'"), message);
  }

  @Test
  void tellsABuildThatLeftALibraryOutFromAPlatformThatHasNone() {
    String message = Platform.of("Windows 11", "amd64").whyMissing("ops");
    assertTrue(message.contains("This build of Subbit"), message);
    assertTrue(message.contains("Build it on linux-x86_64"), message);
    assertTrue(message.contains("-Dsubbit.ops.library="), message);
  }

  @Test
  void namesGlibcWhereALinuxRefusesTheLibrary() {
    UnsatisfiedLinkError error = new UnsatisfiedLinkError("libm.so.6: cannot open");
    String linux = Platform.of("Linux", "amd64").whyNotLoaded(error);
    assertTrue(linux.contains("libm.so.6: cannot open"), linux);
    assertTrue(linux.contains("glibc"), linux);
    String windows = Platform.of("Windows 11", "amd64").whyNotLoaded(error);
    assertFalse(windows.contains("glibc"), windows);
  }
}

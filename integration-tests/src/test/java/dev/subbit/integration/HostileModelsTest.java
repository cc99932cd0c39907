package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.NativeLibrary;
import dev.subbit.onnx.SubBitOperator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a model file contains, the process survives and the message says what is wrong. */
class HostileModelsTest {

  /**
   * The number of damaged models per operator on the function bodies and the device; kernels get
   * twice as many. The damage is the same in every run; {@code -Dsubbit.damagedModels=20000} tests
   * more.
   */
  private static final int DAMAGED = Integer.getInteger("subbit.damagedModels", 200);

  private static final Set<String> PACKED_SIGNS =
      Set.of("PackSigns", "PackedBinarySubBitConv", "BinarySubBitBlock");

  private static final Path SANITIZED_KERNELS = sanitized("onnx", "libsubbit_ops.so");
  private static final Path SANITIZED_DEVICE = sanitized("fpga", "libsubbit_fpga.so");

  /** Names the emulator, so that there is no warning about missing boards. */
  private static final String EMULATOR = "-Dsubbit.fpga.backend=emulator";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"onnxruntime, 1", "native, 2", "fpga, 1"})
  void damagedModelsEndInAnException(String backend, int times) throws Exception {
    int count = times * DAMAGED;
    assertDamagedModelsSurvived(hostileModels(backend, Integer.toString(count)), count);
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "fpga"})
  void kernelsRefuseEveryInvalidModelAndSayWhy(String backend) throws Exception {
    assertEveryEditRefused(backend, hostileModels(backend));
  }

  /** They compute something with most of them, except for layers that Subbit checks beforehand. */
  @Test
  void functionBodiesOutliveEveryInvalidModel() throws Exception {
    assertEveryEditRefused("onnxruntime", hostileModels("onnxruntime"));
  }

  private static Path sanitized(String packageName, String library) {
    return Path.of("..", "target", "native-asan", "resources", "dev", "subbit", packageName)
        .resolve(Path.of("native", NativeLibrary.platform(), library))
        .toAbsolutePath()
        .normalize();
  }

  /**
   * Runs HostileModels. On Linux, Subbit's own libraries are those with the address sanitizer: what
   * would end the process without it, or go unnoticed, ends it with a message.
   */
  private ChildProcess hostileModels(String backend, String... count) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(backend));
    arguments.addAll(List.of(count));
    Map<String, String> environment = Map.of();
    List<String> options = List.of(EMULATOR);
    if (!backend.equals("onnxruntime") && NativeLibrary.platform().startsWith("linux")) {
      for (Path library : List.of(SANITIZED_KERNELS, SANITIZED_DEVICE)) {
        assertTrue(Files.exists(library), library + " is missing; ./mvnw verify builds it");
      }
      // The sanitizer must be loaded before everything else, together with the C++ runtime;
      // otherwise it does not find the functions that it wraps. The JVM uses segmentation faults
      // itself and leaves memory to the system at exit.
      environment =
          Map.of(
              "LD_PRELOAD",
              compilerFile("libasan.so") + " " + compilerFile("libstdc++.so"),
              "ASAN_OPTIONS",
              "detect_leaks=0:handle_segv=0:allocator_may_return_null=1");
      options =
          List.of(
              EMULATOR,
              "-Dsubbit.ops.library=" + SANITIZED_KERNELS,
              "-Dsubbit.fpga.library=" + SANITIZED_DEVICE);
    }
    return ChildProcess.java(
        folder, environment, options, HostileModels.class, arguments.toArray(String[]::new));
  }

  private String compilerFile(String name) throws Exception {
    return ChildProcess.run(folder, Map.of(), List.of("g++", "-print-file-name=" + name))
        .output()
        .strip();
  }

  private static void assertDamagedModelsSurvived(ChildProcess child, int count) {
    assertEquals(0, child.exitCode(), child.output());
    for (SubBitOperator operator : HostileModels.DAMAGED) {
      Matcher line =
          Pattern.compile("(?m)^" + operator.opType() + " ran (\\d+) refused (\\d+)$")
              .matcher(child.output());
      assertTrue(line.find(), child.output());
      int ran = Integer.parseInt(line.group(1));
      assertEquals(count, ran + Integer.parseInt(line.group(2)));
      // Some damage is harmless, for example in a float; most is not.
      assertTrue(ran > count / 50 && ran < count / 2, child.output());
    }
  }

  private static void assertEveryEditRefused(String backend, ChildProcess child) {
    assertEquals(0, child.exitCode(), child.output());
    assertEquals(edits(), results(child).size(), child.output());
    results(child).stream()
        .filter(line -> isChecked(backend, line.split(" ", 2)[0]))
        .forEach(
            line -> {
              assertTrue(line.contains(" refused: "), line);
              String message = line.substring(line.indexOf(" refused: "));
              // ONNX Runtime refuses a tensor of impossible size before it looks at any node.
              assertTrue(
                  message.contains("conv") || line.contains("=declared_as_"),
                  "Does not name the node: " + line);
              assertFalse(message.contains("std::"), "Not a readable message: " + line);
            });
  }

  /**
   * Whether all of an operator's nodes are checked. {@code SubBitSessions} checks layers of integer
   * networks, on every back end. The other operators are checked by their kernels: with a device
   * there are none for packed signs, and function bodies check nothing.
   */
  private static boolean isChecked(String backend, String opType) {
    return opType.startsWith("Integer")
        || backend.equals("native")
        || (backend.equals("fpga") && !PACKED_SIGNS.contains(opType));
  }

  /** The lines with results, without the warnings that newer JVMs print. */
  private static List<String> results(ChildProcess child) {
    return child
        .output()
        .lines()
        .filter(line -> SubBitOperator.ofType(line.split(" ", 2)[0]).isPresent())
        .toList();
  }

  private static long edits() {
    long count = 0;
    for (SubBitOperator operator : SubBitOperator.values()) {
      count += HostileEdit.all(operator).size();
    }
    return count;
  }
}

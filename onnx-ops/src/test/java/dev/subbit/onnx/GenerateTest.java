package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The program that makes code and documents of the tables, on copies of the tables and of what is
 * made of them.
 */
class GenerateTest {

  private static final Path REPOSITORY = Path.of("..");
  private static final String OPERATORS = "onnx-ops/src/main/tables/operators.txt";
  private static final String DEVICE = "fpga-backend/src/main/tables/device.txt";
  private static final String PACKAGE = "fpga-backend/src/main/rtl/subbit_contract_pkg.sv";

  @TempDir private static Path classes;
  private static URLClassLoader loader;

  @TempDir private Path root;

  /** The build compiles the program without a look at the compiler's warnings; here they count. */
  @BeforeAll
  static void compile() throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of("-Xlint:all", "-Werror", "--release", "17", "-d", classes.toString()));
    arguments.add("src/main/tables/Generate.java");
    try (Stream<Path> files = Files.list(Path.of("src/main/tables/generator"))) {
      files.map(Path::toString).forEach(arguments::add);
    }
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    assertEquals(0, result, "the generator does not compile");
    loader = new URLClassLoader(new URL[] {classes.toUri().toURL()});
  }

  @AfterAll
  static void close() throws IOException {
    loader.close();
  }

  @BeforeEach
  void copy() throws IOException {
    for (String file :
        new String[] {OPERATORS, DEVICE, PACKAGE, "docs/OPERATORS.md", "docs/DEVICE.md"}) {
      Files.createDirectories(root.resolve(file).getParent());
      Files.copy(REPOSITORY.resolve(file), root.resolve(file));
    }
  }

  @Test
  void whatIsInGitIsCurrent() throws Exception {
    assertEquals("", run("check", "operators", root.toString()));
    assertEquals("", run("check", "device", root.toString()));
  }

  @Test
  void isTheSameInEveryLanguage() throws Exception {
    Locale before = Locale.getDefault();
    try {
      // Here thousands are grouped by dots, and the capital of i has a dot.
      Locale.setDefault(Locale.forLanguageTag("tr-TR"));
      assertEquals("", run("check", "operators", root.toString()));
      assertEquals("", run("check", "device", root.toString()));
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "operators, " + OPERATORS + ", docs/OPERATORS.md, -1 or +1, -1 and +1",
    "device, " + DEVICE + ", docs/DEVICE.md, likewise, as above",
  })
  void aChangedTableMakesWhatIsInGitStale(
      String table, String source, String stale, String from, String to) throws Exception {
    edit(source, from, to);
    expectStale(table, source, stale);
  }

  @Test
  void aStalePackageIsFoundBesideACurrentPage() throws Exception {
    edit(DEVICE, "| MAX_STRIDE   | 255 ", "| MAX_STRIDE   | 254 ");
    edit("docs/DEVICE.md", "| MAX_STRIDE | 255 |", "| MAX_STRIDE | 254 |");
    expectStale("device", DEVICE, PACKAGE);
  }

  private void expectStale(String table, String source, String stale) throws Exception {
    String message = run("check", table, root.toString());
    assertTrue(message.contains(stale + " is not what " + source + " says"), message);
    assertTrue(message.contains("java onnx-ops/src/main/tables/Generate.java update"), message);
  }

  /** What a person writes in place of a row, and what is said about it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "input  | index    | uint8  # inptu | index | uint8 # there are no rows 'inptu'",
        "input  | X        | float | data      |          | # input | X | float | data | # a row"
            + " 'input' has 5 cells (name | type | use | values | shape), this one 4",
        "input  | X        | float | # input | X | double | # 'double' is not one of float, uint8,"
            + " int8, int32, int16, uint8 or int8, float or uint8, any",
        "| scale    | float | # | index | float | # there is another 'SubBitConv input Index'",
        "input  | scale    | float | parameter # input | scale | float | optional # an input that is"
            + " optional must be the last",
        "input  | weight     | int8           | parameter # input | weight | int8 | variadic # an"
            + " input that is variadic must be the last",
        "output | B     | uint8 | required  | packed signs | [N, ceil(C / 8), H, W] # own | B |"
            + " 3 numbers | 0 | 1 | meaning | # '3 numbers' is none of 'int', 'ints' and a number of"
            + " 'ints'",
        "input  | X        | float | data      |          | # own | shape | ints | 0 | 1 | meaning | #"
            + " an operator has the attributes above or its own, not both",
        "own    | pool_pads  # own | strides # there is another 'IntegerStem attribute Strides'",
        "most   | in_channels # most | channels # there is no attribute 'channels'",
        "| x_zero_point | as x # | x_zero_point | as z # 'as z' names no input above it that is"
            + " 'uint8 or int8'",
        "tau          | int    | 1     | 9  # tau | int | 1 | nine  # 'nine' is not a number",
        "operator | SubBitConv | conv # operator | SubBitConv | convolves # 'convolves' is not one"
            + " of",
      })
  void aWrongRowOfOperatorsIsNamed(String from, String to, String expected) throws Exception {
    expectMistake("operators", OPERATORS, from, to, expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "0x38 | 32 | COUNT # 0x3C | 32 | COUNT # the next register is at 0x38",
        "0x38 | 32 | COUNT # 0x38 | 16 | COUNT # a register has 32 or 64 bits",
        "0x38 | 32 | COUNT # 0x38 | 32 | ERROR # there is another 'register ERROR'",
        "| COUNT | read/write # | COUNT | rw # 'rw' is not one of read, write, read/write,"
            + " read/toggle",
        "15:8  | ACCUMULATORS # 16:8 | ACCUMULATORS # bits 31:16 belong to ACCUMULATORS already",
        "31:16 | TABLE_DEPTH # 32:16 | TABLE_DEPTH # there are no bits 32:16 in ENGINE",
        "error   | 4 # error | 5 # the next number is 4",
        "0x0A | u8  | tau # 0x0A | u16 | tau # the next field is at 0x0C",
        "0x0A | u8  | tau # 0x0A | i8 | tau # 'i8' is not one of u8, u16, u32, u64, s16, f32",
        "descriptor   | 1 | 128 # descriptor | 1 | 120 # the fields of descriptor version 1 end at"
            + " 128, not at 120",
        "reserved   | 0x8E | 50 # reserved | 0x8E | 48 # the fields of descriptor version 2 end at"
            + " 190, not at 192",
        "version   | 1.1 # version | one # 'one' is not a version, such as 1.4",
      })
  void aWrongRowOfTheDeviceIsNamed(String from, String to, String expected) throws Exception {
    expectMistake("device", DEVICE, from, to, expected);
  }

  @Test
  void aPageWithoutAPlaceForATableIsNamed() throws Exception {
    edit("docs/OPERATORS.md", "<!-- table: PackSigns -->", "");
    String message = run("check", "operators", root.toString());
    assertTrue(
        message.contains(
            "OPERATORS.md has no place for a table: add the lines <!-- table: PackSigns"),
        message);
  }

  @Test
  void aPlaceForAnUnknownTableIsNamed() throws Exception {
    edit("docs/DEVICE.md", "<!-- table: errors -->", "<!-- table: mistakes -->");
    String message = run("check", "device", root.toString());
    assertTrue(message.matches("(?s).*DEVICE\\.md:\\d+: there is no table 'mistakes'\n"), message);
  }

  @Test
  void anUnchangedFileKeepsItsTime() throws Exception {
    Path header = root.resolve("operators.h");
    assertEquals("", run("cpp", "operators", root.toString(), header.toString()));
    Files.setLastModifiedTime(header, FileTime.fromMillis(1_000_000));
    assertEquals("", run("cpp", "operators", root.toString(), header.toString()));
    assertEquals(1_000_000, Files.getLastModifiedTime(header).toMillis());
  }

  @Test
  void aWrongActionGetsTheUsage() throws Exception {
    assertTrue(run("make").contains("usage: Generate.java update"));
    assertTrue(run("check", "instructions", root.toString()).contains("no table 'instructions'"));
  }

  private void expectMistake(String table, String source, String from, String to, String expected)
      throws Exception {
    edit(source, from, to);
    String message = run("check", table, root.toString());
    assertTrue(message.contains(expected), message);
    // The row itself, or where others make the mistake, one near it.
    assertTrue(message.matches("(?s).*" + source + ":\\d+: .*"), message);
  }

  private void edit(String file, String from, String to) throws IOException {
    String text = Files.readString(root.resolve(file));
    int at = text.indexOf(from);
    assertTrue(at >= 0, () -> file + " has no '" + from + "'");
    Files.writeString(
        root.resolve(file), text.substring(0, at) + to + text.substring(at + from.length()));
  }

  /** What the program says; nothing if it succeeds. */
  private static String run(String... arguments) throws Exception {
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    Object status =
        loader
            .loadClass("generator.Generator")
            .getMethod("run", PrintStream.class, String[].class)
            .invoke(null, new PrintStream(messages, true, StandardCharsets.UTF_8), arguments);
    String said = messages.toString(StandardCharsets.UTF_8);
    assertEquals(said.isEmpty() ? 0 : 1, status);
    return said;
  }
}

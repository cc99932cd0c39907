package generator;

import static generator.Code.hex;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The contract of the device. */
record Device(
    Path root,
    List<Version> versions,
    List<Constant> constants,
    List<Register> registers,
    List<Value> errors,
    List<Descriptor> descriptors)
    implements Table {

  record Constant(String name, long value, String meaning) {}

  record Value(String name, long number, String meaning) {}

  record Bits(String name, int highest, int lowest, String meaning) {
    int width() {
      return highest - lowest + 1;
    }
  }

  record Register(
      Row row,
      String name,
      long offset,
      int width,
      String access,
      String meaning,
      List<Bits> bits,
      List<Value> values) {}

  /** A field of a descriptor, or bytes in it that are reserved; these have no type. */
  record Field(
      String name, long offset, String type, int bytes, String meaning, List<Value> values) {
    boolean reserved() {
      return type.isEmpty();
    }
  }

  record Descriptor(long version, long bytes, List<Field> fields) {}

  record Version(long major, long minor, String news) {}

  private static final String SOURCE = "fpga-backend/src/main/tables/device.txt";

  private static final Map<String, List<String>> COLUMNS =
      Map.of(
          "version", Row.columns("major.minor", "what is new"),
          "constant", Row.columns("name", "value", "meaning"),
          "register", Row.columns("offset", "bits", "name", "access", "meaning"),
          "bits", Row.columns("highest:lowest", "name", "meaning"),
          "value", Row.columns("number", "name", "meaning"),
          "error", Row.columns("code", "name", "meaning"),
          "descriptor", Row.columns("version", "bytes"),
          "field", Row.columns("offset", "type", "name", "meaning"),
          "reserved", Row.columns("offset", "bytes"));

  static final Map<String, String> ACCESS = new LinkedHashMap<>();
  private static final Map<String, Integer> TYPES = new LinkedHashMap<>();

  static {
    ACCESS.put("read", "Read");
    ACCESS.put("write", "Write");
    ACCESS.put("read/write", "ReadWrite");
    ACCESS.put("read/toggle", "ReadToggle");
    TYPES.put("u8", 1);
    TYPES.put("u16", 2);
    TYPES.put("u32", 4);
    TYPES.put("u64", 8);
    TYPES.put("s16", 2);
    TYPES.put("f32", 4);
  }

  static Device read(Path root) throws IOException {
    Device device =
        new Device(
            root,
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>());
    Set<String> taken = new HashSet<>();
    List<Row> rows = Row.read(root.resolve(SOURCE), COLUMNS);
    for (Row row : rows) {
      device.add(row, taken);
    }
    if (device.versions.isEmpty() || device.descriptors.isEmpty()) {
      throw new Mistake(SOURCE + ": there must be a version and a descriptor");
    }
    device.checkDescriptorIsFull(rows.get(rows.size() - 1));
    return device;
  }

  private void add(Row row, Set<String> taken) {
    switch (row.kind()) {
      case "version" -> {
        Matcher matcher = Pattern.compile("(\\d+)\\.(\\d+)").matcher(row.text(0));
        if (!matcher.matches()) {
          throw row.mistake("'" + row.text(0) + "' is not a version, such as 1.4");
        }
        versions.add(
            new Version(
                Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)), row.word(1)));
      }
      case "constant" -> {
        row.claim(taken, "constant " + row.name(0));
        constants.add(new Constant(row.name(0), row.number(1), row.word(2)));
      }
      case "register" -> addRegister(row, taken);
      case "bits" -> addBits(row.owner(registers, "a register"), row);
      case "value" -> addValue(row);
      case "error" -> {
        row.claim(taken, "error " + row.name(1));
        addCounted(errors, row);
      }
      case "descriptor" -> {
        checkDescriptorIsFull(row);
        descriptors.add(new Descriptor(row.number(0), row.number(1), new ArrayList<>()));
      }
      case "field" -> {
        row.claim(taken, "field " + row.name(2));
        int bytes = row.oneOf(TYPES, 1);
        addField(
            row,
            new Field(
                row.name(2), row.number(0), row.text(1), bytes, row.text(3), new ArrayList<>()));
      }
      case "reserved" -> {
        String name = "reserved_" + hex(row.number(0), 2).toLowerCase(Locale.ROOT);
        addField(row, new Field(name, row.number(0), "", (int) row.number(1), "0", List.of()));
      }
      default -> throw new IllegalStateException(row.kind());
    }
  }

  private void addRegister(Row row, Set<String> taken) {
    long offset = row.number(0);
    long width = row.number(1);
    if (width != 32 && width != 64) {
      throw row.mistake("a register has 32 or 64 bits");
    }
    long expected = 0;
    if (!registers.isEmpty()) {
      Register last = registers.get(registers.size() - 1);
      expected = last.offset() + last.width() / 8;
    }
    if (offset != expected) {
      throw row.mistake("the next register is at 0x" + hex(expected, 2));
    }
    row.claim(taken, "register " + row.name(2));
    row.oneOf(ACCESS, 3);
    registers.add(
        new Register(
            row,
            row.name(2),
            offset,
            (int) width,
            row.text(3),
            row.word(4),
            new ArrayList<>(),
            new ArrayList<>()));
  }

  private static void addBits(Register register, Row row) {
    Matcher matcher = Pattern.compile("(\\d+)(?::(\\d+))?").matcher(row.text(0));
    if (!matcher.matches()) {
      throw row.mistake("'" + row.text(0) + "' is neither a bit nor highest:lowest");
    }
    int highest = Integer.parseInt(matcher.group(1));
    int lowest = matcher.group(2) == null ? highest : Integer.parseInt(matcher.group(2));
    if (lowest > highest || highest >= register.width()) {
      throw row.mistake("there are no bits %s in %s".formatted(row.text(0), register.name()));
    }
    for (Bits other : register.bits()) {
      if (lowest <= other.highest() && other.lowest() <= highest) {
        throw row.mistake("bits %s belong to %s already".formatted(row.text(0), other.name()));
      }
    }
    register.bits().add(new Bits(row.name(1), highest, lowest, row.text(2)));
  }

  /** A value of the register or field that stands above it. */
  private void addValue(Row row) {
    if (descriptors.isEmpty()) {
      addCounted(row.owner(registers, "a register or field").values(), row);
    } else {
      List<Field> fields = row.owner(descriptors, "a register or field").fields();
      Field field = row.owner(fields, "a register or field");
      if (field.reserved()) {
        throw row.mistake("a value belongs to a field");
      }
      addCounted(field.values(), row);
    }
  }

  private static void addCounted(List<Value> values, Row row) {
    if (row.number(0) != values.size()) {
      throw row.mistake("the next number is " + values.size());
    }
    values.add(new Value(row.name(1), row.number(0), row.text(2)));
  }

  private void addField(Row row, Field field) {
    List<Field> fields = row.owner(descriptors, "a descriptor").fields();
    long expected = end();
    if (field.offset() != expected) {
      throw row.mistake("the next field is at 0x" + hex(expected, 2));
    }
    if (!field.reserved() && field.offset() % field.bytes() != 0) {
      throw row.mistake("a field of type " + field.type() + " is aligned to its size");
    }
    fields.add(field);
  }

  /** Where the last field of all descriptors ends. */
  private long end() {
    long end = 0;
    for (Descriptor descriptor : descriptors) {
      for (Field field : descriptor.fields()) {
        end = field.offset() + field.bytes();
      }
    }
    return end;
  }

  private void checkDescriptorIsFull(Row row) {
    if (!descriptors.isEmpty()) {
      Descriptor last = descriptors.get(descriptors.size() - 1);
      if (end() != last.bytes()) {
        throw row.mistake(
            "the fields of descriptor version %s end at %s, not at %s"
                .formatted(last.version(), end(), last.bytes()));
      }
    }
  }

  Version current() {
    return versions.get(versions.size() - 1);
  }

  long versionValue() {
    return current().major() << 16 | current().minor();
  }

  long registerBytes() {
    Register last = registers.get(registers.size() - 1);
    return last.offset() + last.width() / 8;
  }

  List<Field> fields() {
    return descriptors.stream().flatMap(d -> d.fields().stream()).toList();
  }

  @Override
  public String source() {
    return SOURCE;
  }

  @Override
  public String cpp() {
    return new DeviceInCpp(this).text();
  }

  @Override
  public String javaFile() {
    return "dev/subbit/fpga/DeviceContract.java";
  }

  @Override
  public String java() {
    return new DeviceInJava(this).text();
  }

  @Override
  public Map<Path, String> inGit() throws IOException {
    Map<Path, String> files = new LinkedHashMap<>();
    files.put(root.resolve("docs/DEVICE.md"), new DeviceInDocs(this).text());
    files.put(
        root.resolve("fpga-backend/src/main/rtl/subbit_contract_pkg.sv"),
        new DeviceInSystemVerilog(this).text());
    return files;
  }
}

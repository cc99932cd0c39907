package generator;

import static generator.Code.camel;
import static generator.Code.comment;
import static generator.Code.hex;
import static generator.Code.joined;
import static generator.Code.madeFrom;
import static generator.Code.quoted;

import generator.Device.Bits;
import generator.Device.Constant;
import generator.Device.Descriptor;
import generator.Device.Field;
import generator.Device.Register;
import generator.Device.Value;
import java.util.List;

/** The header of C++ that is made of the contract. */
record DeviceInCpp(Device table) {

  String text() {
    StringBuilder text = new StringBuilder(madeFrom("//", table.source()));
    text.append("#pragma once\n\n#include <array>\n#include <cstddef>\n#include <cstdint>\n\n");
    text.append("#include \"device/contract_rows.h\"\n\n");
    text.append("namespace subbit::fpga {\n\n");
    text.append("namespace contract {\n\n");
    text.append("/// Major version in the upper half, minor in the lower.\n");
    text.append(cppNumber("kVersionValue", table.versionValue(), 8));
    for (Constant constant : table.constants()) {
      text.append(comment("", "///", constant.meaning()));
      text.append(cppNumber("k" + camel(constant.name()), constant.value(), 8));
    }
    text.append("\n}  // namespace contract\n\n");
    text.append("/// The register file: byte offsets, and the bits and values of each register.\n");
    text.append("namespace registers {\n\n");
    table.registers().forEach(register -> text.append(cpp(register)));
    text.append("/// Bytes from the first register to the end of the last.\n");
    text.append(cppNumber("kBytes", table.registerBytes(), 2));
    text.append("\n/// All of them; one of 64 bits is two.\n");
    List<String> rows = table.registers().stream().flatMap(r -> cppRows(r).stream()).toList();
    text.append("inline constexpr std::array<RegisterRow, " + rows.size() + "> kAll = {{\n");
    rows.forEach(row -> text.append("    " + row + ",\n"));
    text.append("}};\n\n}  // namespace registers\n\n");
    text.append(
        "/// What the device found wrong: the value of the error register and of a descriptor's status word.\n");
    text.append(cppEnum("ErrorCode", "std::uint32_t", table.errors()));
    text.append(
        "\ninline constexpr std::array<ErrorRow, " + table.errors().size() + "> kErrors = {{\n");
    for (Value error : table.errors()) {
      text.append(
          "    {ErrorCode::k%s, %s},\n".formatted(camel(error.name()), quoted(error.meaning())));
    }
    text.append("}};\n\n");
    for (Field field : table.fields()) {
      if (!field.values().isEmpty()) {
        text.append("/// Values of a descriptor's " + field.name() + ".\n");
        text.append(cppEnum(camel(field.name()), cppType(field), field.values()));
        text.append("/// How many there are, counted from 0.\n");
        text.append(
            "inline constexpr %s k%sValues = %s;\n\n"
                .formatted(cppType(field), camel(field.name()), field.values().size()));
      }
    }
    text.append("/// The fields of a layer descriptor.\nnamespace fields {\n\n");
    for (Descriptor descriptor : table.descriptors()) {
      text.append("/// Bytes of version " + descriptor.version() + ".\n");
      text.append(
          "inline constexpr std::size_t kBytesOfVersion%s = %s;\n"
              .formatted(descriptor.version(), descriptor.bytes()));
    }
    text.append("\n");
    for (Field field : table.fields()) {
      if (!field.reserved()) {
        text.append(comment("", "///", field.meaning()));
        String type = field.values().isEmpty() ? cppType(field) : camel(field.name());
        text.append(
            "inline constexpr Field<%s> k%s{0x%s};\n"
                .formatted(type, camel(field.name()), hex(field.offset(), 2)));
      }
    }
    List<Field> reserved = table.fields().stream().filter(Field::reserved).toList();
    text.append("\n/// Bytes that are 0.\n");
    text.append("inline constexpr std::array<Reserved, " + reserved.size() + "> kReserved = {{");
    text.append(joined(reserved, ", ", f -> "{0x%s, %s}".formatted(hex(f.offset(), 2), f.bytes())));
    text.append("}};\n\n}  // namespace fields\n\n}  // namespace subbit::fpga\n");
    return text.toString();
  }

  private static String cppNumber(String name, long value, int digits) {
    String number = digits == 8 && value < 1000 ? String.valueOf(value) : "0x" + hex(value, digits);
    return "inline constexpr std::uint32_t %s = %s;\n".formatted(name, number);
  }

  private static String cpp(Register register) {
    StringBuilder text = new StringBuilder();
    String name = "k" + camel(register.name());
    text.append(comment("", "///", register.meaning()));
    if (register.width() == 64) {
      text.append(cppNumber(name + "Low", register.offset(), 2));
      text.append(cppNumber(name + "High", register.offset() + 4, 2));
    } else {
      text.append(cppNumber(name, register.offset(), 2));
    }
    for (Bits bits : register.bits()) {
      text.append(comment("", "///", bits.meaning()));
      text.append(
          bits.width() == 1
              ? "inline constexpr std::uint32_t "
                  + name
                  + camel(bits.name())
                  + " = 1u << "
                  + bits.lowest()
                  + ";\n"
              : "inline constexpr BitField "
                  + name
                  + camel(bits.name())
                  + "{"
                  + bits.lowest()
                  + ", "
                  + bits.width()
                  + "};\n");
    }
    for (Value value : register.values()) {
      text.append(comment("", "///", value.meaning()));
      text.append(
          "inline constexpr std::uint32_t %s%s = %s;\n"
              .formatted(name, camel(value.name()), value.number()));
    }
    return text.append("\n").toString();
  }

  private static List<String> cppRows(Register register) {
    String name = "k" + camel(register.name());
    List<String> suffixes = register.width() == 64 ? List.of("Low", "High") : List.of("");
    return suffixes.stream()
        .map(
            suffix ->
                "{%s%s, %s, Access::k%s}"
                    .formatted(
                        name,
                        suffix,
                        quoted(register.name()),
                        Device.ACCESS.get(register.access())))
        .toList();
  }

  private static String cppEnum(String name, String type, List<Value> values) {
    StringBuilder text = new StringBuilder("enum class " + name + " : " + type + " {\n");
    for (Value value : values) {
      text.append(comment("  ", "///", value.meaning()));
      text.append("  k%s = %s,\n".formatted(camel(value.name()), value.number()));
    }
    return text.append("};\n").toString();
  }

  private static String cppType(Field field) {
    return switch (field.type().charAt(0)) {
      case 'f' -> "float";
      case 's' -> "std::int" + field.type().substring(1) + "_t";
      default -> "std::uint" + field.type().substring(1) + "_t";
    };
  }
}

package generator;

import static generator.Code.comment;
import static generator.Code.constant;
import static generator.Code.hex;
import static generator.Code.joined;
import static generator.Code.madeFrom;

import generator.Device.Bits;
import generator.Device.Constant;
import generator.Device.Descriptor;
import generator.Device.Field;
import generator.Device.Register;
import generator.Device.Value;
import java.util.List;

/** The package of SystemVerilog that is made of the contract. */
record DeviceInSystemVerilog(Device table) {

  String text() {
    StringBuilder text = new StringBuilder(madeFrom("//", table.source()));
    text.append("// The contract of docs/DEVICE.md as far as the hardware description needs it.\n");
    text.append("`default_nettype none\n\npackage subbit_contract_pkg;\n");
    text.append("  // Major version in the upper half, minor in the lower.\n");
    text.append(svNumber("VERSION_VALUE", table.versionValue()));
    for (Constant constant : table.constants()) {
      text.append(comment("  ", "//", constant.meaning()));
      text.append(svNumber(constant.name(), constant.value()));
    }
    text.append("\n  // Registers by their offsets, and their bits by their numbers.\n");
    for (Register register : table.registers()) {
      if (register.width() == 64) {
        text.append(svOffset(register.name() + "_LOW", register.offset()));
        text.append(svOffset(register.name() + "_HIGH", register.offset() + 4));
      } else {
        text.append(svOffset(register.name(), register.offset()));
      }
      for (Bits bits : register.bits()) {
        text.append(
            "  localparam int %s_%s = %s;\n"
                .formatted(register.name(), bits.name(), bits.lowest()));
      }
      text.append(svValues(register.name(), register.values()));
    }
    text.append("\n  // Error codes.\n").append(svValues("ERROR", table.errors()));
    text.append("\n  // Values of a descriptor's fields.\n");
    for (Field field : table.fields()) {
      text.append(svValues(constant(field.name()), field.values()));
      if (!field.values().isEmpty()) {
        text.append(
            "  localparam int %s_VALUES = %s;\n"
                .formatted(constant(field.name()), field.values().size()));
      }
    }
    text.append("\n  // Bytes of a descriptor, by its version, and where each field lies in it.\n");
    for (Descriptor descriptor : table.descriptors()) {
      text.append(
          "  localparam int DESCRIPTOR_BYTES_%s = %s;\n"
              .formatted(descriptor.version(), descriptor.bytes()));
    }
    for (Field field : table.fields()) {
      text.append(
          "  localparam int %s_AT = 'h%s;\n"
              .formatted(constant(field.name()), hex(field.offset(), 2)));
    }
    text.append("\n  // A descriptor of the last version; the first byte is the lowest.\n");
    text.append("  typedef struct packed {\n");
    List<Field> fields = table.fields();
    for (int i = fields.size() - 1; i >= 0; i--) {
      Field field = fields.get(i);
      text.append(
          "    logic %s[%s:0] %s;\n"
              .formatted(
                  (field.type().startsWith("s") ? "signed " : ""),
                  (8 * field.bytes() - 1),
                  field.name()));
    }
    text.append("  } descriptor_t;\nendpackage\n\n`default_nettype wire\n");
    return text.toString();
  }

  private static String svNumber(String name, long value) {
    return "  localparam logic [31:0] %s = 32'h%s;\n".formatted(name, hex(value, 8));
  }

  private static String svOffset(String name, long offset) {
    return "  localparam logic [11:0] REGISTER_%s = 12'h%s;\n".formatted(name, hex(offset, 2));
  }

  /** Numbers of as many bits as the largest needs. */
  private static String svValues(String prefix, List<Value> values) {
    int width = Math.max(1, 32 - Integer.numberOfLeadingZeros(values.size() - 1));
    return joined(
        values,
        "",
        value ->
            "  localparam logic [%s:0] %s_%s = %s'd%s;\n"
                .formatted((width - 1), prefix, value.name(), width, value.number()));
  }
}

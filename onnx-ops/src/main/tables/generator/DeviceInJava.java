package generator;

import static generator.Code.hex;
import static generator.Code.madeFrom;

import generator.Device.Bits;
import generator.Device.Register;
import generator.Device.Value;

/** The Java class that is made of the contract. */
record DeviceInJava(Device table) {

  String text() {
    StringBuilder text = new StringBuilder(madeFrom("//", table.source()));
    text.append("package dev.subbit.fpga;\n\n");
    text.append("/** The registers of docs/DEVICE.md and what may stand in them. */\n");
    text.append("final class DeviceContract {\n\n");
    text.append(javaNumber("VERSION_VALUE", table.versionValue(), 8));
    table.constants().forEach(c -> text.append(javaNumber(c.name(), c.value(), 8)));
    text.append(javaNumber("REGISTER_BYTES", table.registerBytes(), 2));
    for (Register register : table.registers()) {
      String name = "REGISTER_" + register.name();
      if (register.width() == 64) {
        text.append(javaNumber(name + "_LOW", register.offset(), 2));
        text.append(javaNumber(name + "_HIGH", register.offset() + 4, 2));
      } else {
        text.append(javaNumber(name, register.offset(), 2));
      }
      for (Bits bits : register.bits()) {
        String of = "  static final int %s_%s".formatted(register.name(), bits.name());
        text.append(
            bits.width() == 1
                ? of + " = 1 << " + bits.lowest() + ";\n"
                : of + "_LOWEST = " + bits.lowest() + ";\n");
      }
      for (Value value : register.values()) {
        text.append(javaNumber(register.name() + "_" + value.name(), value.number(), 2));
      }
    }
    table.errors().forEach(e -> text.append(javaNumber("ERROR_" + e.name(), e.number(), 2)));
    text.append("\n  private DeviceContract() {}\n}\n");
    return text.toString();
  }

  private static String javaNumber(String name, long value, int digits) {
    return "  static final int %s = 0x%s;\n".formatted(name, hex(value, digits));
  }
}

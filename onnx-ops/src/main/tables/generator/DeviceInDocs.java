package generator;

import static generator.Code.hex;
import static generator.Code.joined;
import static generator.Page.docsTable;
import static generator.Page.page;

import generator.Device.Descriptor;
import generator.Device.Field;
import generator.Device.Register;
import generator.Device.Value;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The tables in docs/DEVICE.md. */
record DeviceInDocs(Device table) {

  String text() throws IOException {
    Map<String, String> blocks = new LinkedHashMap<>();
    blocks.put(
        "versions",
        docsTable(
            List.of("version", "new"),
            table.versions().stream()
                .map(v -> List.of(v.major() + "." + v.minor(), v.news()))
                .toList()));
    blocks.put(
        "constants",
        docsTable(
            List.of("name", "value", "meaning"),
            table.constants().stream()
                .map(
                    c ->
                        List.of(
                            c.name(),
                            c.value() < 1000 ? c.value() + "" : "0x" + hex(c.value(), 8),
                            c.meaning()))
                .toList()));
    blocks.put(
        "registers",
        docsTable(
            List.of("offset", "name", "access", "meaning"),
            table.registers().stream()
                .map(r -> List.of(docsOffset(r), r.name(), r.access(), docsMeaning(r)))
                .toList()));
    blocks.put(
        "errors",
        docsTable(
            List.of("code", "name", "meaning"),
            table.errors().stream()
                .map(e -> List.of(e.number() + "", e.name(), e.meaning()))
                .toList()));
    for (Descriptor descriptor : table.descriptors()) {
      blocks.put(
          "descriptor " + descriptor.version(),
          docsTable(
              List.of("offset", "type", "field", "meaning"),
              descriptor.fields().stream().map(DeviceInDocs::docs).toList()));
    }
    return page(table.root().resolve("docs/DEVICE.md"), blocks);
  }

  private static String docsOffset(Register register) {
    String low = "0x" + hex(register.offset(), 2);
    return register.width() == 64 ? low + ", 0x" + hex(register.offset() + 4, 2) : low;
  }

  private static String docsMeaning(Register register) {
    String bits =
        joined(
            register.bits(),
            "; ",
            b ->
                "%s %s%s"
                    .formatted(
                        (b.width() == 1
                            ? "bit " + b.lowest()
                            : "bits " + b.highest() + ".." + b.lowest()),
                        b.name(),
                        (b.meaning().isEmpty() ? "" : ": " + b.meaning())));
    String text = register.meaning();
    for (String more : List.of(bits, docsValues(register.values()))) {
      text +=
          more.isEmpty()
              ? ""
              : ". " + more.substring(0, 1).toUpperCase(Locale.ROOT) + more.substring(1);
    }
    return text;
  }

  private static String docsValues(List<Value> values) {
    return joined(
        values,
        ", ",
        v ->
            "%s %s%s"
                .formatted(
                    v.number(),
                    v.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    (v.meaning().isEmpty() ? "" : " (" + v.meaning() + ")")));
  }

  private static List<String> docs(Field field) {
    String offset = "0x" + hex(field.offset(), 2);
    if (field.reserved()) {
      return List.of(offset, field.bytes() + " bytes", "reserved", field.meaning());
    }
    String values = docsValues(field.values());
    String between = values.isEmpty() || field.meaning().isEmpty() ? "" : "; ";
    return List.of(offset, field.type(), field.name(), field.meaning() + between + values);
  }
}

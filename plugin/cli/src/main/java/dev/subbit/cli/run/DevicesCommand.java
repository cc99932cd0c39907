package dev.subbit.cli.run;

import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.onnx.ExecutionBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code subbit devices}: lists the devices of all back ends. */
@Command(
    name = "devices",
    description =
        "List every device that every back end could run on and, where it cannot, why not.",
    mixinStandardHelpOptions = true,
    footer = {"", "Examples:", "  ./subbit devices", "  ./subbit devices --json devices.json"})
public final class DevicesCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  /**
   * A row of the list.
   *
   * @param backend name of the back end.
   * @param device the back end's name of the device.
   * @param description one line for a person.
   * @param available whether a session could use it now.
   * @param reason why not, or an empty string.
   */
  record Row(String backend, String device, String description, boolean available, String reason) {}

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    List<Row> rows = new ArrayList<>();
    for (ExecutionBackend backend : ExecutionBackend.available()) {
      for (ExecutionBackend.Device device : backend.devices()) {
        rows.add(
            new Row(
                backend.name(),
                device.name(),
                device.description(),
                device.available(),
                device.reason()));
      }
    }
    TextTable table = new TextTable(4, "back end", "device", "usable", "what it is, or why not");
    for (Row row : rows) {
      table.row(
          row.backend(),
          row.device(),
          row.available() ? "yes" : "no",
          row.available() ? row.description() : row.reason());
    }
    spec.commandLine().getOut().print(table);
    spec.commandLine().getOut().flush();
    json.write(rows);
    return 0;
  }
}

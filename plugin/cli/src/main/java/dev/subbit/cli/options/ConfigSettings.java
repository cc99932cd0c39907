package dev.subbit.cli.options;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** The option that changes a configuration without editing its file. */
public final class ConfigSettings {

  @Option(
      names = "--set",
      paramLabel = "COMPONENT.PROPERTY=VALUE",
      description =
          "Replace a value of the configuration; of a list, give all items, separated by commas."
              + " May be given several times.")
  private Map<String, String> values = new LinkedHashMap<>();

  /**
   * What was given.
   *
   * @return the values by {@code component.property}, in the order they were given.
   */
  public Map<String, String> values() {
    return values;
  }
}

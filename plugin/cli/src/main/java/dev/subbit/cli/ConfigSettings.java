package dev.subbit.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** The option that changes a configuration without editing its file. */
final class ConfigSettings {

  @Option(
      names = "--set",
      paramLabel = "COMPONENT.PROPERTY=VALUE",
      description = "Replace a value of the configuration. May be given several times.")
  private Map<String, String> values = new LinkedHashMap<>();

  /** The values, by {@code component.property}, in the order they were given. */
  Map<String, String> values() {
    return values;
  }
}

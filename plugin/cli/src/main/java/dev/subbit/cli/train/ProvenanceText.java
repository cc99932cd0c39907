package dev.subbit.cli.train;

import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.ListProvenance;
import com.oracle.labs.mlrg.olcut.provenance.MapProvenance;
import com.oracle.labs.mlrg.olcut.provenance.PrimitiveProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import com.oracle.labs.mlrg.olcut.provenance.impl.NullConfiguredProvenance;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Formats the configuration of a component for people. */
final class ProvenanceText {

  private ProvenanceText() {}

  /**
   * The settings of a component, without empty ones.
   *
   * @param provenance its provenance.
   * @return values by name of the property, in alphabetical order.
   */
  static Map<String, String> settings(ConfiguredObjectProvenance provenance) {
    Map<String, String> settings = new TreeMap<>();
    provenance
        .getConfiguredParameters()
        .forEach(
            (name, value) -> {
              String text = line(value);
              if (!text.isEmpty()) {
                settings.put(name, text);
              }
            });
    return settings;
  }

  /**
   * A value in one line; of a component its class and its settings.
   *
   * @param provenance the value's provenance.
   * @return the text, empty where there is no value.
   */
  static String line(Provenance provenance) {
    if (provenance instanceof NullConfiguredProvenance) {
      return "";
    }
    if (provenance instanceof PrimitiveProvenance<?> primitive) {
      return String.valueOf(primitive.getValue());
    }
    if (provenance instanceof ListProvenance<?> list) {
      return StreamSupport.stream(list.spliterator(), false)
          .map(ProvenanceText::line)
          .collect(Collectors.joining(", "));
    }
    if (provenance instanceof MapProvenance<?> map) {
      return new TreeMap<>(map.getMap())
          .entrySet().stream()
              .map(entry -> entry.getKey() + " " + line(entry.getValue()))
              .collect(Collectors.joining(", "));
    }
    if (provenance instanceof ConfiguredObjectProvenance component) {
      String type = component.getClassName();
      String settings =
          settings(component).entrySet().stream()
              .map(setting -> setting.getKey() + " " + setting.getValue())
              .collect(Collectors.joining(", "));
      return type.substring(type.lastIndexOf('.') + 1)
          + (settings.isEmpty() ? "" : " (" + settings + ")");
    }
    return provenance.toString();
  }
}

package dev.subbit.cli.files;

import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.ConfigurationData;
import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.config.property.ListProperty;
import com.oracle.labs.mlrg.olcut.config.property.SimpleProperty;
import dev.subbit.cli.terminal.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The components of an OLCUT configuration file. */
public final class ConfigFile implements AutoCloseable {

  private static final Pattern LEADING_PROPERTY = Pattern.compile("\\$\\{([^}]+)\\}");

  private final Path file;
  private final ConfigurationManager manager;
  // The properties of the whole file that paths begin with.
  private final Set<String> pathProperties = new HashSet<>();

  /**
   * Reads a configuration. Relative paths in it are relative to its folder, those of settings to
   * the working folder.
   *
   * @param file the XML file.
   * @param settings values that replace those of the file, by {@code component.property}, or by the
   *     name of a property of the whole file; items of lists are separated by commas.
   * @throws UserError if there is no such file, it is not a configuration, or a setting is for a
   *     component or property that it does not have.
   */
  public ConfigFile(Path file, Map<String, String> settings) {
    if (!Files.isRegularFile(file)) {
      throw new UserError("There is no file " + file + ". configs/ has examples.");
    }
    this.file = file;
    DoctypeCheck.of(file);
    try {
      manager = new ConfigurationManager(file.toAbsolutePath().toString());
    } catch (RuntimeException e) {
      throw new UserError(file + " is not an OLCUT configuration: " + e.getMessage(), e);
    }
    manager.getComponentNames().forEach(this::resolve);
    settings.forEach(this::set);
  }

  /** Checks the names of a component's properties, and makes paths relative to this file. */
  private void resolve(String component) {
    ConfigurationData data = manager.getConfigurationData(component).orElseThrow();
    ConfiguredFields fields = fields(component);
    data.getProperties()
        .forEach(
            (property, value) -> {
              fields.require(file + ", component '" + component + "'", property);
              if (fields.isPath(property) && value instanceof SimpleProperty path) {
                resolve(component, property, path.getValue());
              }
            });
  }

  private void resolve(String component, String property, String value) {
    Matcher global = LEADING_PROPERTY.matcher(value);
    if (!global.lookingAt()) {
      set(component, property, folder().resolve(value).normalize().toString());
      return;
    }
    String name = global.group(1);
    String path = manager.getGlobalProperty(name);
    if (path != null && pathProperties.add(name)) {
      manager.setGlobalProperty(name, folder().resolve(path).normalize().toString());
    }
  }

  private Path folder() {
    return file.toAbsolutePath().getParent();
  }

  private ConfiguredFields fields(String component) {
    String type = manager.getConfigurationData(component).orElseThrow().getClassName();
    try {
      return new ConfiguredFields(Class.forName(type));
    } catch (ClassNotFoundException e) {
      throw new UserError(
          file + ", component '" + component + "': there is no class " + type + ".", e);
    }
  }

  private void set(String name, String value) {
    int dot = name.indexOf('.');
    if (dot < 0) {
      if (manager.getGlobalProperty(name) == null) {
        throw new UserError(
            file + " has no property '" + name + "' of its own; write COMPONENT.PROPERTY=VALUE.");
      }
      manager.setGlobalProperty(
          name, pathProperties.contains(name) ? Path.of(value).toAbsolutePath().toString() : value);
      return;
    }
    String component = name.substring(0, dot);
    if (!manager.getComponentNames().contains(component)) {
      throw new UserError(
          file
              + " has no component '"
              + component
              + "' to set '"
              + name.substring(dot + 1)
              + "' of; its components are: "
              + String.join(", ", new TreeSet<>(manager.getComponentNames()))
              + ".");
    }
    String property = name.substring(dot + 1);
    ConfiguredFields fields = fields(component);
    fields.require(file + ", component '" + component + "'", property);
    if (fields.isList(property)) {
      List<SimpleProperty> items = new ArrayList<>();
      for (String item : value.isEmpty() ? new String[0] : value.split(",", -1)) {
        items.add(new SimpleProperty(item));
      }
      manager.overrideConfigurableProperty(component, property, new ListProperty(items));
    } else {
      set(
          component,
          property,
          fields.isPath(property) ? Path.of(value).toAbsolutePath().toString() : value);
    }
  }

  /**
   * Replaces a value of a component that was not looked up yet.
   *
   * @param component the component's name.
   * @param property the property.
   * @param value the value.
   */
  public void set(String component, String property, String value) {
    manager.overrideConfigurableProperty(component, property, new SimpleProperty(value));
  }

  /**
   * Finds the name of a component.
   *
   * @param name its name; or null for the only one of its type.
   * @param type its type.
   * @param what a word for such components, for messages.
   * @param option the option that names it, for messages.
   * @return its name.
   * @throws UserError if there is none or there are several.
   */
  public String name(String name, Class<? extends Configurable> type, String what, String option) {
    List<String> names = manager.listAll(type);
    String wanted = name;
    if (wanted == null && names.size() == 1) {
      wanted = names.get(0);
    }
    if (wanted == null || !names.contains(wanted)) {
      throw new UserError(
          file
              + (names.isEmpty()
                  ? " has no " + what + "."
                  : " has "
                      + (wanted == null ? "several components that could be the " : "no ")
                      + what
                      + (wanted == null ? "" : " '" + wanted + "'")
                      + "; choose by "
                      + option
                      + " one of: "
                      + String.join(", ", names)
                      + "."));
    }
    return wanted;
  }

  /**
   * Finds a component.
   *
   * @param name its name; or null for the only one of its type.
   * @param type its type.
   * @param what a word for such components, for messages.
   * @param option the option that names it, for messages.
   * @param <T> its type.
   * @return the component, configured.
   * @throws UserError if there is none, there are several, or it refuses its properties.
   */
  public <T extends Configurable> T component(
      String name, Class<T> type, String what, String option) {
    String wanted = name(name, type, what, option);
    try {
      return type.cast(manager.lookup(wanted));
    } catch (RuntimeException e) {
      throw new UserError(file + ", component '" + wanted + "': " + reason(wanted, e), e);
    }
  }

  /**
   * Whether there is a component of a name.
   *
   * @param name the name.
   * @param type its type.
   * @return true if there is one.
   */
  public boolean has(String name, Class<? extends Configurable> type) {
    return manager.listAll(type).contains(name);
  }

  /**
   * Whether a component sets a property, by itself, by inheritance or by a setting.
   *
   * @param component the component's name.
   * @param property the property.
   * @return true if so.
   */
  public boolean sets(String component, String property) {
    return manager
        .getConfigurationData(component)
        .orElseThrow()
        .getProperties()
        .containsKey(property);
  }

  /** The reason for which a component refused its properties, which OLCUT wraps. */
  private String reason(String component, Throwable e) {
    PropertyException refusal = null;
    Throwable root = e;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      root = cause;
      if (cause instanceof PropertyException said && said.getProperty() != null) {
        refusal = said;
      }
    }
    if (refusal == null || refusal.getMsg() == null) {
      return root.getMessage() == null ? root.toString() : root.getMessage();
    }
    return refusal == root
        ? refusal.getMsg()
        : refusal.getProperty()
            + ": "
            + refusal.getMsg()
            + allowedValues(component, refusal.getProperty());
  }

  /** The values of a property of an enumerated type; empty for other types. */
  private String allowedValues(String component, String property) {
    List<Object> values = fields(component).constants(property);
    return values.isEmpty() ? "" : "; allowed: " + values;
  }

  @Override
  public void close() {
    manager.close();
  }
}

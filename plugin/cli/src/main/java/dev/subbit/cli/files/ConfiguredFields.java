package dev.subbit.cli.files;

import com.oracle.labs.mlrg.olcut.config.Config;
import dev.subbit.cli.terminal.UserError;
import java.io.File;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The fields of a component that a configuration can set. */
final class ConfiguredFields {

  private final Class<?> type;
  private final Map<String, Class<?>> fields = new TreeMap<>();

  /**
   * Lists the fields.
   *
   * @param type the component's class.
   */
  ConfiguredFields(Class<?> type) {
    this.type = type;
    for (Class<?> level = type; level != null; level = level.getSuperclass()) {
      for (Field field : level.getDeclaredFields()) {
        if (field.isAnnotationPresent(Config.class)) {
          fields.putIfAbsent(field.getName(), field.getType());
        }
      }
    }
  }

  /**
   * Fails unless there is a field of a name.
   *
   * @param where the component, for the message.
   * @param name the name.
   * @throws UserError if there is none; it lists those that there are.
   */
  void require(String where, String name) {
    if (!fields.containsKey(name)) {
      throw new UserError(
          where
              + ": "
              + type.getSimpleName()
              + " has no property '"
              + name
              + "'; it has: "
              + String.join(", ", fields.keySet())
              + ".");
    }
  }

  /**
   * Whether a field holds a file or folder.
   *
   * @param name the field.
   * @return true if so.
   */
  boolean isPath(String name) {
    return fields.get(name) == Path.class || fields.get(name) == File.class;
  }

  /**
   * Whether a field holds several values.
   *
   * @param name the field.
   * @return true for arrays, lists and sets.
   */
  boolean isList(String name) {
    Class<?> field = fields.get(name);
    return field.isArray() || Collection.class.isAssignableFrom(field);
  }

  /**
   * The values of a field of an enumerated type.
   *
   * @param name the field.
   * @return its values; empty for a field of another type, and where there is no such field.
   */
  List<Object> constants(String name) {
    Class<?> field = fields.get(name);
    return field == null || !field.isEnum() ? List.of() : List.of(field.getEnumConstants());
  }
}

package dev.subbit.tribuo.zoo;

import dev.subbit.tribuo.SubBitModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * Trained models that come with Subbit, ready to classify pictures. {@code docs/ZOO.md} lists them
 * with their accuracies and how they were made.
 */
public final class Zoo {

  private static final String LIST = "zoo.properties";

  private Zoo() {}

  /**
   * The models that there are.
   *
   * @return the models, in the order in which the documents list them.
   */
  public static List<ZooModel> models() {
    Properties entries = new Properties();
    try (InputStream list = Zoo.class.getResourceAsStream(LIST)) {
      entries.load(list);
    } catch (IOException e) {
      throw new UncheckedIOException("The zoo's list cannot be read", e);
    }
    return Arrays.stream(entries.getProperty("models").split("\\s+"))
        .map(name -> model(name, entries))
        .toList();
  }

  private static ZooModel model(String name, Properties entries) {
    return new ZooModel(
        name,
        entries.getProperty("network"),
        entries.getProperty("images"),
        entries.getProperty(name + ".activations"),
        Integer.parseInt(entries.getProperty(name + ".tau")),
        Integer.parseInt(entries.getProperty(name + ".right")),
        Integer.parseInt(entries.getProperty("tested")),
        Arrays.asList(entries.getProperty(name + ".commands").split("\n")));
  }

  /**
   * Finds a model.
   *
   * @param name its name.
   * @return the model, if there is one of this name.
   */
  public static Optional<ZooModel> find(String name) {
    return models().stream().filter(model -> model.name().equals(name)).findFirst();
  }

  /**
   * Loads a model.
   *
   * @param name its name.
   * @return the model, of the caller's own.
   * @throws IllegalArgumentException if there is none of this name; the message lists those that
   *     there are.
   */
  public static SubBitModel load(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "The zoo has no model '"
                        + name
                        + "'; it has "
                        + models().stream().map(ZooModel::name).collect(Collectors.joining(", "))))
        .load();
  }
}

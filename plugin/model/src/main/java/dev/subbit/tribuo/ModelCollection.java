package dev.subbit.tribuo;

import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * Saved models that come on the classpath, to be found by {@link java.util.ServiceLoader}: what
 * takes a model by name does so without depending on the module that holds it.
 */
public interface ModelCollection {

  /**
   * The name of the collection, which stands in front of a model's name.
   *
   * @return its name, such as {@code zoo}.
   */
  String name();

  /**
   * The models of the collection.
   *
   * @return their names.
   */
  List<String> models();

  /**
   * Opens the stored form of a model, which {@code Model.deserializeFromStream} reads.
   *
   * @param model the model's name.
   * @return its bytes, to be closed by the caller; empty if there is no such model.
   */
  Optional<InputStream> open(String model);
}

package dev.subbit.tribuo.training.internal.start;

import dev.subbit.tribuo.SubBitModel;
import java.io.IOException;
import java.io.InputStream;
import org.tribuo.Model;

/** A saved model that a training starts from or learns from. */
public final class SavedModel {

  private SavedModel() {}

  /** Where a model is stored. */
  @FunctionalInterface
  public interface Stored {

    /**
     * Opens it.
     *
     * @return its bytes, to be closed by the caller.
     * @throws IOException if it cannot be opened.
     */
    InputStream open() throws IOException;
  }

  /**
   * Reads a model.
   *
   * @param name what the model is, as a message begins.
   * @param stored where it is stored.
   * @param remedy what to do where it is a model of another kind.
   * @return the model, to be closed by the caller.
   * @throws IllegalArgumentException if it cannot be read or is none of ours.
   */
  public static SubBitModel read(String name, Stored stored, String remedy) {
    Model<?> model;
    try (InputStream stream = stored.open()) {
      model = Model.deserializeFromStream(stream);
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException(
          name + " is not a saved model, or is damaged: " + e.getMessage(), e);
    }
    if (model instanceof SubBitModel subBit) {
      return subBit;
    }
    throw new IllegalArgumentException(
        name + " holds a " + model.getClass().getSimpleName() + ", not a SubBitModel; " + remedy);
  }
}

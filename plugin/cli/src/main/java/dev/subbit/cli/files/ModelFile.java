package dev.subbit.cli.files;

import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.ProtobufVersion;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.zoo.Zoo;
import dev.subbit.tribuo.zoo.ZooModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tribuo.Model;

/** Saved models ({@code .sbm}): Tribuo's own format, holding a {@link SubBitModel}. */
public final class ModelFile {

  private ModelFile() {}

  /**
   * Loads a saved model.
   *
   * @param file the file, or the name of a model of the zoo where there is no such file.
   * @return the model.
   * @throws UserError if there is no such file, or if it does not hold a model.
   */
  public static SubBitModel load(Path file) {
    if (!Files.isRegularFile(file)) {
      return Zoo.find(file.toString())
          .map(ZooModel::load)
          .orElseThrow(
              () ->
                  new UserError(
                      "There is no file "
                          + file
                          + ", and no model of this name in the zoo. Make one with ./subbit train;"
                          + " ./subbit zoo lists those that there are."));
    }
    Model<?> model;
    try {
      ProtobufVersion.require();
    } catch (IllegalStateException e) {
      throw new UserError(e.getMessage(), e);
    }
    try {
      model = Model.deserializeFromFile(file);
    } catch (LinkageError e) {
      throw new UserError(
          ProtobufVersion.explain(e).orElse("A library is missing or of the wrong version: " + e),
          e);
    } catch (IOException | RuntimeException e) {
      throw new UserError(
          file + " is not a saved model, or is damaged: " + rootMessage(e) + ". Save it again.", e);
    }
    if (!(model instanceof SubBitModel)) {
      throw new UserError(
          file
              + " holds a "
              + model.getClass().getSimpleName()
              + ", not a SubBitModel. Make one with ./subbit train.");
    }
    return (SubBitModel) model;
  }

  /**
   * Saves a model to a file.
   *
   * @param model the model.
   * @param file the file.
   * @throws UserError if it cannot be written.
   */
  public static void save(SubBitModel model, Path file) {
    OutputFile.save(file, model::serializeToFile);
  }

  // Tribuo wraps a model's own exceptions in those of reflection.
  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage() == null ? root.toString() : root.getMessage();
    return message.strip().replaceAll("\\.$", "");
  }
}

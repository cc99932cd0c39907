package dev.subbit.cli.run;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.BackendOptions;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.tribuo.DevicePool;
import dev.subbit.tribuo.OnnxClassifier;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.PicturePreparation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/**
 * A classifier of images from a saved model or an ONNX file, on the back end that was asked for.
 *
 * @param preparation how a picture becomes an image for it.
 * @param labels its labels, in the order of its outputs.
 * @param classify classifies images.
 * @param devices gives what each of several devices has done; nothing where there is one.
 * @param release what to do when it is needed no more.
 */
record LoadedClassifier(
    PicturePreparation preparation,
    List<String> labels,
    Function<List<Example<Label>>, List<Prediction<Label>>> classify,
    Supplier<List<DevicePool.Work>> devices,
    Runnable release)
    implements AutoCloseable {

  private static final String ONNX = ".onnx";

  /**
   * Loads a classifier.
   *
   * @param file a saved model or an ONNX file, or the name of a model of the zoo.
   * @param backend where it is to run.
   * @return the classifier.
   * @throws UserError if it cannot be loaded; the message names the file and says why.
   */
  static LoadedClassifier load(Path file, BackendOptions backend) {
    Map<String, String> settings = backend.settings();
    if (backend.devices().size() > 1) {
      return onDevices(file, backend.devices());
    }
    if (isOnnx(file)) {
      return ofOnnx(file, backend.name(), settings);
    }
    try (SubBitModel loaded = ModelFile.load(file)) {
      SubBitModel model = loaded.withBackend(backend.name(), settings);
      return new LoadedClassifier(
          model.preparation(),
          IntStream.range(0, model.getOutputIDInfo().size())
              .mapToObj(id -> model.getOutputIDInfo().getOutput(id).getLabel())
              .toList(),
          model::predict,
          List::of,
          model::close);
    }
  }

  private static LoadedClassifier onDevices(Path file, List<String> devices) {
    try (OnnxClassifier model = new OnnxClassifier(onnx(file))) {
      DevicePool pool = DevicePool.ofFpgas(model, devices);
      return new LoadedClassifier(
          model.preparation(), model.labels(), pool::predict, pool::work, pool::close);
    } catch (IllegalArgumentException e) {
      throw new UserError(file + ": " + e.getMessage() + ".", e);
    }
  }

  private static boolean isOnnx(Path file) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(ONNX);
  }

  private static ModelProto onnx(Path file) {
    if (isOnnx(file)) {
      try {
        return OnnxFile.read(file);
      } catch (IOException e) {
        throw new UserError(e.getMessage(), e);
      }
    }
    try (SubBitModel model = ModelFile.load(file)) {
      return model.exportONNXModel("dev.subbit", 1);
    }
  }

  /**
   * Writes a classifier as one ONNX file, with all its data.
   *
   * @param file a saved model or an ONNX file, or the name of a model of the zoo.
   * @param onnx the file to write.
   * @throws UserError if it cannot be loaded or written; the message names the file and says why.
   */
  static void export(Path file, Path onnx) {
    OutputFile.write(onnx, onnx(file)::writeTo);
  }

  private static LoadedClassifier ofOnnx(Path file, String backend, Map<String, String> settings) {
    try (OnnxClassifier loaded = new OnnxClassifier(onnx(file))) {
      OnnxClassifier model = loaded.withBackend(backend, settings);
      return new LoadedClassifier(
          model.preparation(), model.labels(), model::predict, List::of, model::close);
    } catch (IllegalArgumentException e) {
      throw new UserError(file + ": " + e.getMessage() + ".", e);
    }
  }

  /**
   * Classifies images.
   *
   * @param images the images.
   * @return one prediction per image, in their order.
   */
  List<Prediction<Label>> predict(List<Example<Label>> images) {
    return classify.apply(images);
  }

  @Override
  public void close() {
    release.run();
  }
}

package dev.subbit.integration;

import dev.subbit.tribuo.SubBitModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.tribuo.Model;
import org.tribuo.classification.Label;
import org.tribuo.impl.ArrayExample;

/**
 * Loads stored models and predicts with each on one back end; {@link VersionsTest} runs it in JVMs
 * with other libraries on the class path. Prints one line per model: its file, the back end and the
 * scores.
 */
public final class StoredModelsRun {

  private StoredModelsRun() {}

  /**
   * Runs all models of a folder.
   *
   * @param args the folder; a back end ({@code default} leaves the choice to the model); a device
   *     of the back end, if it is {@code fpga}.
   * @throws Exception if a model cannot be loaded or fails.
   */
  public static void main(String[] args) throws Exception {
    List<Path> files;
    try (Stream<Path> list = Files.list(Path.of(args[0]))) {
      files = list.filter(file -> file.toString().endsWith(".sbm")).sorted().toList();
    }
    for (Path file : files) {
      try (SubBitModel stored = (SubBitModel) Model.deserializeFromFile(file);
          SubBitModel model =
              args[1].equals("default") ? stored : stored.withBackend(args[1], settings(args))) {
        Label label = model.predict(example(model)).getOutput();
        System.out.println(
            file.getFileName()
                + " "
                + model.backend()
                + " "
                + label.getLabel()
                + " "
                + label.getScore());
      }
    }
  }

  private static Map<String, String> settings(String[] args) {
    return args.length < 3 ? Map.of() : Map.of("backend", args[2]);
  }

  /** A gradient of grey over all pixels. */
  private static ArrayExample<Label> example(SubBitModel model) {
    int pixels = model.getFeatureIDMap().size();
    String[] names = new String[pixels];
    double[] values = new double[pixels];
    for (int i = 0; i < pixels; i++) {
      names[i] = model.getFeatureIDMap().get(i).getName();
      values[i] = 255.0 * i / pixels;
    }
    return new ArrayExample<>(new Label("unknown"), names, values);
  }
}

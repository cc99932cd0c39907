package example;

import dev.subbit.tribuo.SubBitModel;
import java.nio.file.Path;
import java.util.Map;
import org.tribuo.Model;
import org.tribuo.classification.Label;
import org.tribuo.impl.ArrayExample;

/**
 * Loads a stored model, predicts with it and exports it:
 *
 * <pre>{@code Predict clothes.sbm clothes.onnx [BACKEND [DEVICE]]}</pre>
 */
public final class Predict {

  public static void main(String[] args) throws Exception {
    try (SubBitModel stored = (SubBitModel) Model.deserializeFromFile(Path.of(args[0]));
        SubBitModel model = args.length > 2 ? onBackend(stored, args) : stored) {
      Label label = model.predict(grey(model)).getOutput();
      System.out.println("back end " + model.backend() + ": " + label.getLabel());
      model.saveONNXModel("com.example", 1, Path.of(args[1]));
    }
  }

  private static SubBitModel onBackend(SubBitModel model, String[] args) {
    return model.withBackend(args[2], args.length > 3 ? Map.of("backend", args[3]) : Map.of());
  }

  /** A picture that grows brighter from pixel to pixel, in place of one of yours. */
  private static ArrayExample<Label> grey(SubBitModel model) {
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

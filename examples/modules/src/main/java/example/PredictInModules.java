package example;

import dev.subbit.tribuo.SubBitModel;
import java.nio.file.Path;
import java.util.Map;
import org.tribuo.Model;
import org.tribuo.VariableInfo;
import org.tribuo.classification.Label;
import org.tribuo.impl.ArrayExample;

/** Predicts with a stored model on the kernels of the processor and on the emulated device. */
public final class PredictInModules {

  public static void main(String[] args) throws Exception {
    try (SubBitModel model = (SubBitModel) Model.deserializeFromFile(Path.of(args[0]));
        SubBitModel device = model.withBackend("fpga", Map.of("backend", "emulator"))) {
      ArrayExample<Label> white = new ArrayExample<>(new Label("unknown"));
      for (VariableInfo pixel : model.getFeatureIDMap()) {
        white.add(pixel.getName(), 255);
      }
      for (SubBitModel one : new SubBitModel[] {model, device}) {
        System.out.println(
            "back end " + one.backend() + ": " + one.predict(white).getOutput().getLabel());
      }
    }
  }
}

package dev.subbit.tribuo.training.teacher;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import dev.subbit.tribuo.ModelFileProvenance;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.training.internal.start.SavedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * Takes a saved {@link SubBitModel}, with float or sub-bit weights, as a teacher. Its labels are
 * found by name; it may know more labels than the training has.
 */
public final class SubBitTeacher implements Teacher {

  @Config(mandatory = true, description = "The saved model, such as ./subbit train makes.")
  private Path modelPath;

  /** For OLCUT, which fills in the configured fields. */
  private SubBitTeacher() {}

  /**
   * Makes a teacher in code.
   *
   * @param modelPath the saved model.
   * @throws PropertyException if there is no such file.
   */
  public SubBitTeacher(Path modelPath) {
    this.modelPath = modelPath;
    postConfig();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if there is no such file.
   */
  @Override
  public void postConfig() {
    OnnxTeacher.requireFile(modelPath);
  }

  @Override
  public TeacherSession open(ImageShape shape, ImmutableOutputInfo<Label> labels, int threads) {
    try (SubBitModel model = load()) {
      Network network = model.network().network();
      if (!network.input().equals(shape)) {
        throw new IllegalArgumentException(
            "The teacher " + modelPath + " is for images of " + network.input() + ", not " + shape);
      }
      int[] classes = new int[labels.size()];
      for (int id = 0; id < classes.length; id++) {
        classes[id] = model.getOutputIDInfo().getID(labels.getOutput(id));
        if (classes[id] < 0) {
          throw new IllegalArgumentException(
              "The teacher "
                  + modelPath
                  + " does not know the class '"
                  + labels.getOutput(id).getLabel()
                  + "', it knows "
                  + model.getOutputIDInfo().getDomain());
        }
      }
      return NetworkTeacherSession.of(
          modelPath.toString(), model.network(), model.pixels().positions(), classes, threads);
    }
  }

  private SubBitModel load() {
    return SavedModel.read(
        "The teacher " + modelPath,
        () -> Files.newInputStream(modelPath),
        "export it as ONNX and use OnnxTeacher");
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ModelFileProvenance(this, "Teacher", modelPath);
  }
}

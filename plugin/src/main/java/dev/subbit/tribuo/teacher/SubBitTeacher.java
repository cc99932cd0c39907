package dev.subbit.tribuo.teacher;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Network;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.Model;
import org.tribuo.classification.Label;

/**
 * A saved {@link SubBitModel} as a teacher, with float weights or sub-bit ones. Its labels are
 * found by name; it may know more than the training has.
 */
public final class SubBitTeacher implements Teacher {

  @Config(mandatory = true, description = "The saved model, such as ./subbit train makes.")
  private Path modelPath;

  /** For OLCUT. */
  private SubBitTeacher() {}

  /**
   * A teacher in code.
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
      int[] positions = model.pixels().positions();
      byte[] onnx =
          OnnxExporter.exportValues(model.network(), positions, List.of(network.output().name()))
              .toByteArray();
      return new Session(
          new OnnxTeacherSession(modelPath.toString(), onnx, threads),
          positions,
          shape.size(),
          network.classes(),
          classes);
    }
  }

  private SubBitModel load() {
    Model<?> model;
    try {
      model = Model.deserializeFromFile(modelPath);
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException(
          "The teacher " + modelPath + " is not a saved model, or is damaged: " + e.getMessage(),
          e);
    }
    if (model instanceof SubBitModel subBit) {
      return subBit;
    }
    throw new IllegalArgumentException(
        "The teacher "
            + modelPath
            + " holds a "
            + model.getClass().getSimpleName()
            + ", not a SubBitModel; export it as ONNX and use OnnxTeacher");
  }

  /**
   * A loaded teacher.
   *
   * @param positions the pixels that it looks at.
   * @param imageSize values of an image.
   * @param known number of classes that it knows.
   * @param classes which of them the classes of the training are.
   */
  private record Session(
      OnnxTeacherSession session, int[] positions, int imageSize, int known, int[] classes)
      implements TeacherSession {

    @Override
    public float[] logits(float[] pixels, int images) {
      float[] features = new float[images * positions.length];
      for (int i = 0; i < features.length; i++) {
        features[i] = pixels[i / positions.length * imageSize + positions[i % positions.length]];
      }
      float[] all = session.run(features, new long[] {images, positions.length}, known);
      float[] logits = new float[images * classes.length];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = all[i / classes.length * known + classes[i % classes.length]];
      }
      return logits;
    }

    @Override
    public void close() {
      session.close();
    }
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new TeacherProvenance(this, modelPath);
  }
}

package dev.subbit.tribuo.training.teacher;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.tribuo.ModelFileProvenance;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * Any ONNX classifier as a teacher. Its class i must be the label of id i of the training data:
 * Tribuo numbers labels in the order of their names.
 */
public final class OnnxTeacher implements Teacher {

  /** The kinds of output that a classifier can have. */
  public enum Output {
    /** The inputs of a softmax. */
    LOGITS,
    /** Probabilities. */
    PROBABILITIES
  }

  /** Smallest probability that is distinguished from 0, so that its logarithm is finite. */
  private static final double SMALLEST = 1e-30;

  @Config(
      mandatory = true,
      description =
          "The ONNX file; one float input, [N, values] or [N, C, H, W], a first output [N,"
              + " classes].")
  private Path modelPath;

  @Config(
      description =
          "The teacher is given scale * pixel + offset, pixels from 0 to 255; one number, or one"
              + " per channel.")
  private double[] scale = {1};

  @Config(description = "See scale.")
  private double[] offset = {0};

  @Config(description = "What the output is: LOGITS or PROBABILITIES.")
  private Output output = Output.LOGITS;

  /** For OLCUT, which fills in the configured fields. */
  private OnnxTeacher() {}

  /**
   * Makes a teacher in code.
   *
   * @param modelPath the ONNX file.
   * @param scale the factor of pixels; one number, or one per channel.
   * @param offset the summand after that; one number, or one per channel.
   * @param output the kind of output.
   * @throws PropertyException if there is no such file, or a number is not finite.
   */
  public OnnxTeacher(Path modelPath, double[] scale, double[] offset, Output output) {
    this.modelPath = modelPath;
    this.scale = scale.clone();
    this.offset = offset.clone();
    this.output = output;
    postConfig();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if there is no such file, or a number is not finite.
   */
  @Override
  public void postConfig() {
    requireFile(modelPath);
    requireFinite("scale", scale);
    requireFinite("offset", offset);
  }

  static void requireFile(Path modelPath) {
    if (!Files.isRegularFile(modelPath)) {
      throw new PropertyException(
          "", "modelPath", "modelPath is " + modelPath + ", where there is no file");
    }
  }

  private static void requireFinite(String field, double[] values) {
    new FieldCheck("")
        .require(
            values.length > 0 && Arrays.stream(values).allMatch(Double::isFinite),
            field,
            Arrays.toString(values),
            "one number, or one per channel");
  }

  @Override
  public TeacherSession open(ImageShape shape, ImmutableOutputInfo<Label> labels, int threads) {
    requireChannels("scale", scale, shape);
    requireChannels("offset", offset, shape);
    byte[] model;
    try {
      model = OnnxFile.read(modelPath).toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("The teacher cannot be read: " + e.getMessage(), e);
    }
    OnnxTeacherSession session = new OnnxTeacherSession(modelPath.toString(), model, threads);
    long[] given = session.inputShape();
    long[] needed =
        given.length == 2
            ? new long[] {0, shape.size()}
            : new long[] {0, shape.channels(), shape.height(), shape.width()};
    for (int i = 1; i < needed.length; i++) {
      if (given[i] > 0 && given[i] != needed[i]) {
        session.close();
        throw new IllegalArgumentException(
            "The teacher "
                + modelPath
                + " takes an input of the shape "
                + Arrays.toString(given)
                + ", which an image of "
                + shape.channels()
                + "x"
                + shape.height()
                + "x"
                + shape.width()
                + " does not fit");
      }
    }
    int classes = labels.size();
    return new TeacherSession() {
      @Override
      public float[] logits(float[] pixels, int images) {
        needed[0] = images;
        float[] scores = session.run(mapped(pixels, shape), needed, classes);
        if (output == Output.PROBABILITIES) {
          for (int i = 0; i < scores.length; i++) {
            scores[i] = (float) Math.log(Math.max(scores[i], SMALLEST));
          }
        }
        return scores;
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }

  private void requireChannels(String field, double[] values, ImageShape shape) {
    if (values.length != 1 && values.length != shape.channels()) {
      throw new IllegalArgumentException(
          "The teacher's "
              + field
              + " has "
              + values.length
              + " numbers; allowed: one, or one for each of the "
              + shape.channels()
              + " channels");
    }
  }

  private float[] mapped(float[] pixels, ImageShape shape) {
    int area = shape.height() * shape.width();
    float[] mapped = new float[pixels.length];
    for (int i = 0; i < mapped.length; i++) {
      int channel = i / area % shape.channels();
      mapped[i] =
          (float) (scale[channel % scale.length] * pixels[i] + offset[channel % offset.length]);
    }
    return mapped;
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ModelFileProvenance(this, "Teacher", modelPath);
  }
}

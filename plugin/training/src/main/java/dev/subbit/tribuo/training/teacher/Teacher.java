package dev.subbit.tribuo.training.teacher;

import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import dev.subbit.tribuo.network.ImageShape;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/** A trained classifier that a network learns from by distillation. */
public interface Teacher extends Configurable, Provenancable<ConfiguredObjectProvenance> {

  /**
   * Opens the teacher for a training.
   *
   * @param shape the shape of the images.
   * @param labels the classes, in the order of their ids.
   * @param threads threads to compute with, at least 1.
   * @return the classifier, to be closed by the caller.
   * @throws IllegalArgumentException if this teacher cannot judge such images or does not know
   *     these classes.
   */
  TeacherSession open(ImageShape shape, ImmutableOutputInfo<Label> labels, int threads);
}

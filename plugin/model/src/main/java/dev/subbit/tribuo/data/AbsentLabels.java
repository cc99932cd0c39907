package dev.subbit.tribuo.data;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.Logger;
import org.tribuo.Example;
import org.tribuo.classification.Label;

/**
 * Warns about labels that have a name but no image: a model trained on such data never predicts
 * them.
 */
final class AbsentLabels {

  private static final Logger logger = Logger.getLogger(AbsentLabels.class.getName());

  private AbsentLabels() {}

  /**
   * Logs a warning if a named label has no image.
   *
   * @param names the names of the labels.
   * @param examples the images.
   * @param source where they are from, for the message.
   */
  static void warn(List<String> names, List<? extends Example<Label>> examples, Object source) {
    Set<String> absent = new LinkedHashSet<>(names);
    Set<String> present = new HashSet<>();
    examples.forEach(example -> present.add(example.getOutput().getLabel()));
    absent.removeAll(present);
    if (!absent.isEmpty()) {
      logger.warning(() -> source + " has no image of: " + String.join(", ", absent));
    }
  }
}

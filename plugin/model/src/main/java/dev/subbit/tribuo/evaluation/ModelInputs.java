package dev.subbit.tribuo.evaluation;

import dev.subbit.tribuo.data.PixelMap;
import java.util.ArrayList;
import java.util.List;
import org.tribuo.Example;
import org.tribuo.classification.Label;

/**
 * Labelled images laid out as an exported model takes them: {@code [batch, features]} in the order
 * of the feature ids.
 */
public final class ModelInputs {

  /** Images of one call; large enough that the cost of the call itself does not count. */
  private static final int BATCH = 100;

  private final List<float[][]> batches = new ArrayList<>();
  private final List<String> labels = new ArrayList<>();

  /**
   * Lays images out in batches.
   *
   * @param examples the images.
   * @param pixels the pixels that the model knows; others are left out, missing ones are 0.
   */
  public ModelInputs(Iterable<Example<Label>> examples, PixelMap pixels) {
    List<float[]> rows = new ArrayList<>();
    for (Example<Label> example : examples) {
      rows.add(pixels.featureRows(List.of(example)));
      labels.add(example.getOutput().getLabel());
      if (rows.size() == BATCH) {
        batches.add(rows.toArray(float[][]::new));
        rows.clear();
      }
    }
    if (!rows.isEmpty()) {
      batches.add(rows.toArray(float[][]::new));
    }
  }

  /**
   * Number of images.
   *
   * @return number of images.
   */
  public int size() {
    return labels.size();
  }

  /**
   * The images.
   *
   * @return batches of images; not to be changed.
   */
  public List<float[][]> batches() {
    return batches;
  }

  /**
   * The true labels.
   *
   * @return one label per image.
   */
  public List<String> labels() {
    return labels;
  }
}

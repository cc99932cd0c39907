package dev.subbit.tribuo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/** Makes Tribuo's predictions of a network's probabilities. */
final class LabelScores {

  private LabelScores() {}

  /**
   * Makes the prediction of one example.
   *
   * @param example the example.
   * @param used number of its features that were used.
   * @param labels the labels, in the order of the probabilities.
   * @param scores probabilities.
   * @param offset where those of this example start.
   * @return the prediction: the first of the highest probabilities wins.
   * @throws IllegalStateException if every probability is NaN.
   */
  static Prediction<Label> prediction(
      Example<Label> example, int used, List<String> labels, float[] scores, int offset) {
    Map<String, Label> all = new LinkedHashMap<>();
    Label best = null;
    for (int id = 0; id < labels.size(); id++) {
      Label label = new Label(labels.get(id), scores[offset + id]);
      all.put(label.getLabel(), label);
      if (!Double.isNaN(label.getScore()) && (best == null || label.getScore() > best.getScore())) {
        best = label;
      }
    }
    if (best == null) {
      throw new IllegalStateException(
          "The network gives no probability for this example, only NaN; its weights or the"
              + " example's values are out of all bounds");
    }
    return new Prediction<>(best, all, used, example, true);
  }
}

package dev.subbit.tribuo.training.internal.loop;

import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.tribuo.Dataset;
import org.tribuo.ImmutableFeatureMap;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;
import org.tribuo.dataset.DatasetView;

/**
 * A dataset split in two: the images to train on, and those to validate with. Both are views, in
 * the order of the dataset.
 *
 * @param training the images to train on; every class of the dataset is in it.
 * @param validation the same share of every class.
 */
public record ValidationSplit(Dataset<Label> training, Dataset<Label> validation) {

  /**
   * Draws the validation images.
   *
   * @param examples the dataset.
   * @param features the ids of its features.
   * @param labels the ids of its labels.
   * @param share the share of every class that goes to validation, 0 up to but not 1; rounded, but
   *     one image of every class stays for training.
   * @param random the place that the choice is drawn from.
   * @return the two parts.
   * @throws IllegalArgumentException if there is no image in the validation part.
   */
  public static ValidationSplit draw(
      Dataset<Label> examples,
      ImmutableFeatureMap features,
      ImmutableOutputInfo<Label> labels,
      double share,
      RandomPlace random) {
    List<List<Integer>> images = new ArrayList<>();
    for (int c = 0; c < labels.size(); c++) {
      images.add(new ArrayList<>());
    }
    for (int i = 0; i < examples.size(); i++) {
      images.get(labels.getID(examples.getExample(i).getOutput())).add(i);
    }
    BitSet held = new BitSet(examples.size());
    for (int c = 0; c < images.size(); c++) {
      draw(images.get(c), share, random.at(labels.getOutput(c).getLabel()).numbers(), held);
    }
    if (held.isEmpty()) {
      throw new IllegalArgumentException(
          "validationShare is "
              + share
              + ", which leaves no image for validation from "
              + examples.size()
              + " images of "
              + labels.size()
              + " classes; set it to 0 or higher than that");
    }
    BitSet kept = (BitSet) held.clone();
    kept.flip(0, examples.size());
    return new ValidationSplit(
        view(examples, kept, features, labels, "training"),
        view(examples, held, features, labels, "validation"));
  }

  /** Draws from one class, by the first steps of a Fisher-Yates shuffle. */
  private static void draw(List<Integer> images, double share, SplittableRandom rng, BitSet held) {
    long count = Math.min(Math.round(share * images.size()), images.size() - 1L);
    for (int i = 0; i < count; i++) {
      int j = rng.nextInt(i, images.size());
      int drawn = images.get(j);
      images.set(j, images.get(i));
      images.set(i, drawn);
      held.set(drawn);
    }
  }

  private static Dataset<Label> view(
      Dataset<Label> examples,
      BitSet images,
      ImmutableFeatureMap features,
      ImmutableOutputInfo<Label> labels,
      String tag) {
    return new DatasetView<>(examples, images.stream().toArray(), features, labels, tag);
  }
}

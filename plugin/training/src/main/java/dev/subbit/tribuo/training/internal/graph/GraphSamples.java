package dev.subbit.tribuo.training.internal.graph;

import dev.subbit.tribuo.quantizer.graph.Feed;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Samples one by one, that come in feeds of many. */
final class GraphSamples {

  /** At most one in so many is not trained on, but decides which state is kept. */
  private static final int CHECKED = 5;

  /** More of them than these tell nothing more. */
  private static final int MOST_CHECKED = 2000;

  /** With fewer, all are trained on, and decide as well. */
  private static final int LEAST = 10;

  private final List<Feed> feeds;
  private final List<int[]> places = new ArrayList<>();

  /**
   * Takes the samples of feeds.
   *
   * @throws IllegalArgumentException if an input does not count the samples along its first axis,
   *     or is of a type that cannot be trained with.
   */
  GraphSamples(List<Feed> feeds) {
    this.feeds = feeds;
    for (int f = 0; f < feeds.size(); f++) {
      Feed feed = feeds.get(f);
      feed.tensors()
          .forEach(
              (name, tensor) -> {
                if (tensor.shape().length == 0 || tensor.shape()[0] != feed.samples()) {
                  throw new IllegalArgumentException(
                      "Input '"
                          + name
                          + "' does not count the samples along its first axis, so the model"
                          + " cannot be trained in batches; quantize it without training");
                }
                if (tensor.floats().isEmpty()) {
                  throw new IllegalArgumentException(
                      "Input '"
                          + name
                          + "' holds neither float32 nor uint8 nor int64; a model is trained on"
                          + " inputs of these types");
                }
              });
      for (int row = 0; row < feed.samples(); row++) {
        places.add(new int[] {f, row});
      }
    }
  }

  /** The numbers of the samples that are trained on. */
  int[] trained() {
    return numbers(false);
  }

  /** The numbers of the samples that decide which state is kept. */
  int[] checked() {
    return numbers(true);
  }

  private int[] numbers(boolean checked) {
    List<Integer> numbers = new ArrayList<>();
    int each = Math.max(CHECKED, (places.size() + MOST_CHECKED - 1) / MOST_CHECKED);
    for (int i = 0; i < places.size(); i++) {
      if (places.size() < LEAST || (i % each == each / 2) == checked) {
        numbers.add(i);
      }
    }
    return numbers.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Puts samples together. */
  Feed batch(int[] samples) {
    Map<String, Feed.Tensor> tensors = new LinkedHashMap<>();
    for (String name : feeds.get(0).tensors().keySet()) {
      List<Feed.Tensor> rows = new ArrayList<>();
      for (int sample : samples) {
        int[] place = places.get(sample);
        rows.add(feeds.get(place[0]).tensors().get(name).rows(place[1], 1));
      }
      tensors.put(name, Feed.Tensor.together(rows));
    }
    return new Feed(tensors, samples.length);
  }

  /** Cuts samples into batches of one size; what is left over makes a smaller one if it may. */
  List<Feed> batches(int[] samples, int size, boolean leavesRest) {
    List<Feed> batches = new ArrayList<>();
    for (int at = 0; at < samples.length; at += size) {
      int count = Math.min(size, samples.length - at);
      if (count == size || !leavesRest) {
        int[] some = new int[count];
        System.arraycopy(samples, at, some, 0, count);
        batches.add(batch(some));
      }
    }
    return batches;
  }

  /** The classes of samples; empty where the feeds have no labels. */
  static Optional<int[]> labels(Feed feed) {
    return Optional.ofNullable(feed.tensors().get(GraphTraining.LABELS))
        .flatMap(Feed.Tensor::floats)
        .map(
            numbers -> {
              int[] labels = new int[numbers.length];
              for (int i = 0; i < labels.length; i++) {
                labels[i] = (int) numbers[i];
              }
              return labels;
            });
  }
}

package dev.subbit.tribuo.training.internal.checkpoint;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Identifies what a training computes from: two trainings with equal fingerprints make the same
 * steps.
 *
 * @param configuration the trainer's configuration, by field.
 * @param data properties of the training images, by name.
 */
public record Fingerprint(Map<String, String> configuration, Map<String, String> data) {

  // Copies the maps, sorted by name so that everything made from them is reproducible.
  public Fingerprint {
    configuration = Collections.unmodifiableMap(new TreeMap<>(configuration));
    data = Collections.unmodifiableMap(new TreeMap<>(data));
  }

  /**
   * The differences to another training.
   *
   * @param now the other training.
   * @return one text per difference, such as {@code epochs was 10 and is 20}; empty if the
   *     fingerprints are equal.
   */
  public List<String> differences(Fingerprint now) {
    List<String> differences = new ArrayList<>();
    compare(configuration, now.configuration, differences);
    compare(data, now.data, differences);
    return differences;
  }

  private static void compare(
      Map<String, String> before, Map<String, String> now, List<String> differences) {
    TreeSet<String> names = new TreeSet<>(before.keySet());
    names.addAll(now.keySet());
    for (String name : names) {
      String old = before.getOrDefault(name, "absent");
      String current = now.getOrDefault(name, "absent");
      if (!old.equals(current)) {
        differences.add(name + " was " + old + " and is " + current);
      }
    }
  }
}

package dev.subbit.tribuo.training.internal.codebook;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The state of the learner of one layer's codebook: the codewords, and whatever numbers its kind of
 * learning keeps, by names that the learner chooses. Immutable by contract: callers leave the
 * arrays as they are.
 *
 * @param codewords the codewords, 0 to 511, in the order of their indices.
 * @param floats such as the numbers behind the taps and their moments.
 * @param integers such as step counts.
 */
public record CodebookState(
    int[] codewords, Map<String, float[]> floats, Map<String, int[]> integers) {

  // Copies the maps, sorted by name so that everything made from them is reproducible.
  public CodebookState {
    floats = Collections.unmodifiableMap(new TreeMap<>(floats));
    integers = Collections.unmodifiableMap(new TreeMap<>(integers));
  }

  /**
   * Checks that this is the state of the right kind of learner.
   *
   * @param floatNames the names of its floats.
   * @param integerNames the names of its integers.
   * @throws IllegalArgumentException if there are others or some are missing.
   */
  void requireNames(Set<String> floatNames, Set<String> integerNames) {
    if (!floats.keySet().equals(floatNames) || !integers.keySet().equals(integerNames)) {
      throw new IllegalArgumentException(
          "A state with "
              + floats.keySet()
              + " and "
              + integers.keySet()
              + " is none of this codebook learner, which needs "
              + new TreeMap<>(Map.of("floats", floatNames, "integers", integerNames)));
    }
  }

  /** Copies the floats of a name to where they belong; their number must be the same. */
  void copyFloats(String name, float[] target) {
    float[] values = floats.get(name);
    requireLength(name, values.length, target.length);
    System.arraycopy(values, 0, target, 0, target.length);
  }

  /** Copies the integers of a name to where they belong; their number must be the same. */
  void copyIntegers(String name, int[] target) {
    int[] values = integers.get(name);
    requireLength(name, values.length, target.length);
    System.arraycopy(values, 0, target, 0, target.length);
  }

  private static void requireLength(String name, int found, int needed) {
    if (found != needed) {
      throw new IllegalArgumentException(
          "A codebook's state has " + found + " values of '" + name + "', needed are " + needed);
    }
  }
}

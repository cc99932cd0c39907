package dev.subbit.tribuo.training.internal.random;

import java.util.SplittableRandom;

/**
 * A place in a training from which random numbers are drawn: the order of an epoch's images, the
 * changes of one image, the replacements of one refinement.
 *
 * <p>Every place has numbers of its own, made from the seed of the training and the path to the
 * place. Nothing that was drawn elsewhere changes them. So a resumed training draws what the
 * uninterrupted one would have drawn, though its checkpoint holds no state of a generator, and
 * images can be prepared in any order and by many threads. Immutable.
 */
public final class RandomPlace {

  // The increment and the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private final long key;

  private RandomPlace(long key) {
    this.key = key;
  }

  /**
   * The root of all places of a training.
   *
   * @param seed any number.
   * @return the root.
   */
  public static RandomPlace of(long seed) {
    return new RandomPlace(mix(seed + GAMMA));
  }

  /**
   * The place under this one with a name.
   *
   * @param name what is drawn there.
   * @return the place.
   */
  public RandomPlace at(String name) {
    long hash = key;
    for (int i = 0; i < name.length(); i++) {
      hash = mix(hash + GAMMA + name.charAt(i));
    }
    return new RandomPlace(mix(hash ^ GAMMA));
  }

  /**
   * The place under this one with a number.
   *
   * @param number its number: of an epoch, a step, an image.
   * @return the place.
   */
  public RandomPlace at(long number) {
    return new RandomPlace(mix(key + GAMMA * (mix(number) | 1)));
  }

  /**
   * Starts a generator of the numbers of this place.
   *
   * @return a new generator, the same at every call.
   */
  public SplittableRandom numbers() {
    return new SplittableRandom(key);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}

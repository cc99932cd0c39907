package dev.subbit.tribuo.training.internal.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RandomPlaceTest {

  @Test
  void aPlaceHasTheSameNumbersEveryTime() {
    RandomPlace place = RandomPlace.of(7).at("order").at(3);
    long first = place.numbers().nextLong();
    place.at(9).numbers().nextLong();
    assertEquals(first, place.numbers().nextLong());
    assertEquals(first, RandomPlace.of(7).at("order").at(3).numbers().nextLong());
  }

  @Test
  void placesDifferInTheirNumbers() {
    Set<Long> first = new HashSet<>();
    int places = 0;
    for (long seed = -2; seed <= 2; seed++) {
      for (String name : new String[] {"", "order", "image", "image1"}) {
        RandomPlace named = RandomPlace.of(seed).at(name);
        first.add(named.numbers().nextLong());
        places++;
        for (long number = -100; number <= 1000; number++) {
          first.add(named.at(number).numbers().nextLong());
          places++;
        }
      }
    }
    assertEquals(places, first.size());
  }

  @Test
  void theNumbersOfNeighboursAreUnrelated() {
    // Half of the 64 bits of two neighbours' first numbers should differ: 32,000 of 64,000 here,
    // with a standard deviation of 126.
    long differing = 0;
    for (int i = 0; i < 1000; i++) {
      long here = RandomPlace.of(1).at("image").at(i).numbers().nextLong();
      long next = RandomPlace.of(1).at("image").at(i + 1).numbers().nextLong();
      differing += Long.bitCount(here ^ next);
    }
    assertTrue(Math.abs(differing - 32_000) < 1000, differing + " bits differ");
  }
}

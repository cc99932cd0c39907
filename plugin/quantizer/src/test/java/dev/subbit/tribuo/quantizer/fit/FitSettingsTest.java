package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FitSettingsTest {

  @ParameterizedTest
  @CsvSource({"0, 1, 1", "10, 1, 1", "5, 0, 1", "5, 9, 1", "5, 1, 0"})
  void numbersOutOfRangeAreRefused(int tau, int stages, int rounds) {
    assertThrows(IllegalArgumentException.class, () -> new FitSettings(tau, stages, rounds, 1));
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "9, 8, 100"})
  void theEndsOfTheRangesAreAllowed(int tau, int stages, int rounds) {
    assertEquals(tau, new FitSettings(tau, stages, rounds, 1).tau());
  }

  @Test
  void anotherNumberOfStagesChangesNothingElse() {
    assertEquals(new FitSettings(5, 3, 7, 11), new FitSettings(5, 1, 7, 11).withStages(3));
  }
}

package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class DecibelsTest {

  @Test
  void noMoreDigitsAreWrittenThanAreKnown() {
    assertEquals("12.3 dB", Decibels.text(12.34, 0));
    assertEquals("12.3 +- 0.6 dB", Decibels.text(12.34, 0.6));
    assertEquals("12.3 +- 1.0 dB", Decibels.text(12.34, 1));
    assertEquals("10 to 14 dB", Decibels.text(12.34, 1.5));
    assertEquals("-2 to 2 dB", Decibels.text(0.1, 1.2));
    assertEquals("about 12 dB", Decibels.text(12.34, Double.NaN));
  }

  @Test
  void whatIsNoNumberIsAWord() {
    assertEquals("exact", Decibels.text(Double.POSITIVE_INFINITY, Double.NaN));
    assertEquals("none (a constant, with noise)", Decibels.text(Double.NEGATIVE_INFINITY, 0));
    assertEquals("- (nothing to compare)", Decibels.text(Double.NaN, 0));
  }
}

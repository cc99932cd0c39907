package dev.subbit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FiguresTest {

  @Test
  void whatIsNotANumberIsADash() {
    assertEquals("-", Figures.percent(Double.NaN));
    assertEquals("87.5 %", Figures.percent(0.875));
  }

  @Test
  void infiniteRatiosAreWords() {
    assertEquals("12.3 dB", Figures.decibels(12.34));
    assertEquals("exact", Figures.decibels(Double.POSITIVE_INFINITY));
    assertEquals("none (a constant, with noise)", Figures.decibels(Double.NEGATIVE_INFINITY));
    assertEquals("- (nothing to compare)", Figures.decibels(Double.NaN));
  }
}

package dev.subbit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FiguresTest {

  @Test
  void whatIsNotANumberIsADash() {
    assertEquals("-", Figures.percent(Double.NaN));
    assertEquals("87.5 %", Figures.percent(0.875));
  }
}

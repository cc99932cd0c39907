package dev.subbit.tribuo.training.internal.graph;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CodewordPaceTest {

  @Test
  void codewordsStayAtTheStartAndAtTheEnd() {
    for (double labels : new double[] {0, 0.5, 1}) {
      CodewordPace pace = CodewordPace.of(labels);
      assertFalse(pace.changesAt(0));
      assertTrue(pace.changesAt(0.5));
      assertFalse(pace.changesAt(pace.end()));
      assertFalse(pace.changesAt(1));
    }
  }

  @Test
  void labelsLetThemChangeForLongerAndFaster() {
    CodewordPace without = CodewordPace.of(0);
    CodewordPace with = CodewordPace.of(0.5);
    assertTrue(with.start() < without.start());
    assertTrue(with.end() > without.end());
    assertTrue(with.rateShare() > without.rateShare());
  }
}

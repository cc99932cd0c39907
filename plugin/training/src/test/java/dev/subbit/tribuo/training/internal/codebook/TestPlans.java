package dev.subbit.tribuo.training.internal.codebook;

import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Selection;

/** Codebook plans for tests. */
public final class TestPlans {

  private TestPlans() {}

  /** The trainer's defaults, but refined at every step. */
  public static CodebookPlan codebooks(int tau) {
    return codebooks(tau, Selection.REFINED, 1, 0.1f);
  }

  /** Random start, nearest codeword. */
  public static CodebookPlan codebooks(int tau, Selection selection, int interval, float rate) {
    return new CodebookPlan(
        tau, selection, CodebookStart.RANDOM, Assignment.NEAREST, interval, rate);
  }
}

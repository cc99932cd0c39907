package dev.subbit.tribuo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.report.ConfusionMatrix;
import java.util.List;
import org.junit.jupiter.api.Test;

class TestEvaluationTest {

  private final TestEvaluation evaluation =
      new TestEvaluation(
          new ConfusionMatrix(
              List.of("cat", "dog", "owl"), new long[][] {{3, 1, 0}, {2, 4, 0}, {0, 0, 0}}));

  @Test
  void theMeanF1LeavesOutWhatNeverOccurs() {
    // Cats: precision 3/5, recall 3/4; dogs: 4/5, 4/6; of owls there is none.
    assertEquals((2.0 / 3 + 8.0 / 11) / 2, evaluation.macroF1(), 1e-12);
  }

  @Test
  void tellsEveryClass() {
    List<String> lines = evaluation.toString().lines().toList();
    assertTrue(lines.stream().anyMatch(l -> l.matches("cat +4 +3 +0.600 +0.750 +0.667 *")));
    assertTrue(lines.stream().anyMatch(l -> l.matches("owl +0 +0 +- +- +- *")));
    assertTrue(lines.get(lines.size() - 1).contains("70.00 % of 10 images"));
  }
}

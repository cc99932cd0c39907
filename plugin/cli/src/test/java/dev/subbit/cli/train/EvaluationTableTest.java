package dev.subbit.cli.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvaluationTableTest {

  @Test
  void hasARowForEveryClassAndTheAccuracyOfAll() {
    ConfusionMatrix confusions =
        new ConfusionMatrix(
            List.of("cat", "dog", "owl"), new long[][] {{3, 1, 0}, {2, 4, 0}, {0, 0, 0}});
    List<String> lines = EvaluationTable.text(confusions).lines().toList();
    assertTrue(lines.stream().anyMatch(l -> l.matches("cat +4 +3 +0.600 +0.750 +0.667 *")));
    assertTrue(lines.stream().anyMatch(l -> l.matches("owl +0 +0 +- +- +- *")));
    assertTrue(lines.get(lines.size() - 1).contains("70.00 % of 10 images"));
  }
}

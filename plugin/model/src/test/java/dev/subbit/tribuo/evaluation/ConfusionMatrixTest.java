package dev.subbit.tribuo.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {

  private static final double EXACT = 1e-12;

  private final ConfusionMatrix matrix =
      new ConfusionMatrix(
          List.of("a", "b", "c", "never"),
          new long[][] {{6, 2, 0, 0}, {3, 1, 0, 0}, {0, 1, 7, 0}, {0, 0, 0, 0}});

  @Test
  void countsImagesAndShares() {
    assertEquals(20, matrix.images());
    assertEquals(8, matrix.images(0));
    assertEquals(9, matrix.taken(0));
    assertEquals(14 / 20.0, matrix.accuracy(), EXACT);
    assertEquals(6 / 8.0, matrix.recall(0), EXACT);
    assertEquals(6 / 9.0, matrix.precision(0), EXACT);
    assertEquals(2 * 0.75 * (6 / 9.0) / (0.75 + 6 / 9.0), matrix.f1(0), EXACT);
  }

  @Test
  void aClassThatNeverOccursHasNoShares() {
    assertTrue(Double.isNaN(matrix.recall(3)));
    assertTrue(Double.isNaN(matrix.precision(3)));
    assertTrue(Double.isNaN(matrix.f1(3)));
  }

  @Test
  void theMeanF1LeavesOutWhatNeverOccurs() {
    // Cats: precision 3/5, recall 3/4; dogs: 4/5, 4/6; of owls there is none.
    ConfusionMatrix pets =
        new ConfusionMatrix(
            List.of("cat", "dog", "owl"), new long[][] {{3, 1, 0}, {2, 4, 0}, {0, 0, 0}});
    assertEquals((2.0 / 3 + 8.0 / 11) / 2, pets.macroF1(), EXACT);
  }

  @Test
  void listsTheLargestConfusionsFirst() {
    List<ConfusionMatrix.Confusion> largest = matrix.largest(10);
    assertEquals(3, largest.size());
    assertEquals(new ConfusionMatrix.Confusion(1, 0, 3), largest.get(0));
    assertEquals(new ConfusionMatrix.Confusion(0, 1, 2), largest.get(1));
    assertEquals(2, matrix.largest(2).size());
  }

  @Test
  void sizesMustFit() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new ConfusionMatrix(List.of("a", "b"), new long[][] {{1, 2}}));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ConfusionMatrix(List.of("a", "b"), new long[][] {{1, 2}, {1}}));
  }
}

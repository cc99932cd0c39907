package dev.subbit.tribuo.training.internal.batches;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchSliceTest {

  @ParameterizedTest
  @CsvSource({"8, 1", "8, 2", "9, 3", "7, 3", "2, 3", "1, 4"})
  void slicesFollowOneAnotherAndHaveAllImages(int batch, int ranks) {
    int next = 0;
    for (int rank = 0; rank < ranks; rank++) {
      BatchSlice slice = new BatchSlice(rank, ranks);
      assertEquals(next, slice.begin(batch));
      int size = slice.size(batch);
      assertTrue(size == batch / ranks || size == (batch + ranks - 1) / ranks, "size " + size);
      next += size;
    }
    assertEquals(batch, next);
  }
}

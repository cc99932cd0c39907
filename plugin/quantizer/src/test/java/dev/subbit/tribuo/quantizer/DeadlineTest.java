package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeadlineTest {

  @Test
  void isOverWhenTheTimeHasPassed() {
    assertFalse(Deadline.NONE.isOver());
    assertFalse(Deadline.after(Duration.ofHours(1)).isOver());
    assertTrue(Deadline.after(Duration.ZERO).isOver());
  }
}

package dev.subbit.cli.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.subbit.cli.terminal.Progress;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class QuantizationBarTest {

  @Test
  void eachPartCountsFromTheBeginning() {
    StringWriter err = new StringWriter();
    AtomicInteger parts = new AtomicInteger();
    try (QuantizationBar bar =
        new QuantizationBar(
            () -> {
              parts.incrementAndGet();
              return Progress.of("Quantizing", new PrintWriter(err));
            })) {
      for (int layer = 0; layer <= 2; layer++) {
        bar.at(layer, 2, "conv" + layer);
      }
      bar.at(0, 1, "ranges of the activations");
      for (int step = 0; step <= 20; step++) {
        bar.at(step, 20, "tuning, epoch 1/1");
      }
    }
    assertEquals(3, parts.get());
    assertEquals(2 + 10, err.toString().lines().count(), err.toString());
    assertEquals("Quantizing: 50 %, conv1", err.toString().lines().findFirst().orElseThrow());
  }
}

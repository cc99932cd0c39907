package dev.subbit.cli.quantize;

import dev.subbit.cli.terminal.Progress;
import dev.subbit.tribuo.quantizer.QuantizationProgress;
import java.util.function.Supplier;

/** Shows the progress of a quantization, piece by piece of each of its parts. */
final class QuantizationBar implements QuantizationProgress, AutoCloseable {

  private final Supplier<Progress> start;
  private Progress progress;
  private int pieces;
  private int last;

  /**
   * Prepares the display.
   *
   * @param start starts to show the progress of a part.
   */
  QuantizationBar(Supplier<Progress> start) {
    this.start = start;
  }

  @Override
  public void at(int done, int all, String what) {
    if (progress == null || done < last || all != pieces) {
      partOver();
      progress = start.get();
      progress.preparing(what);
    } else {
      progress.at(done, all, what);
    }
    pieces = all;
    last = done;
  }

  /** Takes the display off the terminal, for a result. */
  void partOver() {
    if (progress != null) {
      progress.close();
      progress = null;
    }
  }

  @Override
  public void close() {
    partOver();
  }
}

package dev.subbit.cli.quantize;

import dev.subbit.cli.terminal.Progress;
import dev.subbit.tribuo.quantizer.QuantizationProgress;

/**
 * Shows the progress of a quantization, layer by layer.
 *
 * @param progress where to show it; closed with this.
 */
record QuantizationBar(Progress progress) implements QuantizationProgress, AutoCloseable {

  @Override
  public void at(int done, int all, String what) {
    progress.at(done, all, what);
  }

  @Override
  public void close() {
    progress.close();
  }
}

package dev.subbit.cli.quantize;

import dev.subbit.cli.terminal.ConsoleBar;
import dev.subbit.tribuo.quantizer.QuantizationProgress;
import me.tongfei.progressbar.ProgressBar;

/** A progress bar on standard error that moves layer by layer. */
final class QuantizationBar implements QuantizationProgress, AutoCloseable {

  private final ProgressBar bar = ConsoleBar.of("Quantizing", 1);

  @Override
  public void at(int done, int all, String what) {
    bar.maxHint(all);
    bar.stepTo(done);
    bar.setExtraMessage(" " + what);
  }

  @Override
  public void close() {
    bar.close();
  }
}

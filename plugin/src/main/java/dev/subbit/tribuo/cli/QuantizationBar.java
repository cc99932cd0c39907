package dev.subbit.tribuo.cli;

import dev.subbit.tribuo.quantizer.QuantizationProgress;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** A bar on standard error that moves layer by layer. */
final class QuantizationBar implements QuantizationProgress, AutoCloseable {

  private static final int UPDATE_MILLIS = 500;

  private final ProgressBar bar =
      new ProgressBarBuilder()
          .setTaskName("Quantizing")
          .setInitialMax(1)
          .setUpdateIntervalMillis(UPDATE_MILLIS)
          .setConsumer(new ConsoleProgressBarConsumer(System.err))
          .build();

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

package dev.subbit.cli.terminal;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** Progress bars on standard error, so that the output of a command can be piped to another one. */
public final class ConsoleBar {

  private static final int UPDATE_MILLIS = 500;

  private ConsoleBar() {}

  /**
   * Shows a bar on standard error.
   *
   * @param task what is going on.
   * @param steps how many steps it takes.
   * @return the bar; the caller closes it.
   */
  public static ProgressBar of(String task, long steps) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(steps)
        .setUpdateIntervalMillis(UPDATE_MILLIS)
        .setConsumer(new ConsoleProgressBarConsumer(System.err))
        .build();
  }
}

package dev.subbit.cli.terminal;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Shows what the modules log as warnings: a line each, like the errors of a command. */
public final class WarningLine extends Handler {

  private final SimpleFormatter formatter = new SimpleFormatter();

  private WarningLine() {}

  /** Takes the place of Java's own output of logs, for the whole process. */
  public static void install() {
    Logger root = Logger.getLogger("");
    // Tribuo and OLCUT log their own progress at INFO; here the commands report it.
    root.setLevel(Level.WARNING);
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.addHandler(new WarningLine());
  }

  @Override
  public void publish(LogRecord record) {
    if (isLoggable(record)) {
      Progress.aside(
          () ->
              System.err.println(
                  "subbit: warning: " + ControlFilter.visible(formatter.formatMessage(record))));
    }
  }

  @Override
  public void flush() {
    System.err.flush();
  }

  @Override
  public void close() {
    // Standard error stays open.
  }
}

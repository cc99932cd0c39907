package dev.subbit.cli.terminal;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * How far a command is, on standard error, so that its output can be piped to another one. In a
 * terminal it is one line over the full width that changes, and is gone when the work is over.
 * Elsewhere it is a plain line now and then. All in ASCII and without escape sequences, which every
 * terminal and log can show.
 */
public final class Progress implements AutoCloseable {

  private static final long REDRAW_NANOS = 200_000_000L;
  private static final long ASK_WIDTH_NANOS = 2_000_000_000L;
  private static final int SHORTEST_BAR = 10;
  private static final int TENTHS = 10;

  // The one whose line is on the screen, for others who write there.
  private static Progress shown;

  private final String task;
  // Null where nothing is shown.
  private final PrintWriter err;
  private final Supplier<OptionalInt> columns;
  private final boolean interactive;
  private final TimeLeft timeLeft = new TimeLeft();

  private int width;
  private long widthAsked;
  private long drawn;
  private int drawnLength;
  private int longestTail;
  private long done;
  private long all;
  private int tenths;
  private List<String> details = List.of();
  private LibraryNoise noise = LibraryNoise.none();

  private Progress(String task, PrintWriter err, Supplier<OptionalInt> columns) {
    this.task = task;
    this.err = err;
    this.columns = columns;
    OptionalInt first = err == null ? OptionalInt.empty() : columns.get();
    this.interactive = first.isPresent();
    this.width = first.orElse(0);
    this.widthAsked = System.nanoTime();
  }

  /**
   * Shows nothing.
   *
   * @return a progress that goes nowhere.
   */
  public static Progress hidden() {
    return new Progress("", null, OptionalInt::empty);
  }

  /**
   * Shows the progress of a task.
   *
   * @param task what is done, such as "Training".
   * @param err standard error.
   * @return the progress, to be closed when the task is over.
   */
  public static Progress of(String task, PrintWriter err) {
    return new Progress(task, err, Terminal::columns);
  }

  /**
   * Shows the progress of a task on a terminal of a known width.
   *
   * @param task what is done.
   * @param err where to write.
   * @param columns the terminal's width now; empty where it is no terminal.
   * @return the progress.
   */
  static Progress of(String task, PrintWriter err, Supplier<OptionalInt> columns) {
    return new Progress(task, err, columns);
  }

  /**
   * Writes to standard error while some progress may be on the screen: the changing line makes way
   * and comes back below.
   *
   * @param writing writes whole lines.
   */
  public static void aside(Runnable writing) {
    synchronized (Progress.class) {
      if (shown != null) {
        shown.erase();
      }
      writing.run();
    }
  }

  /**
   * Names work that comes between the steps. Notes of libraries are kept off the terminal until the
   * next step: TensorFlow finishes a graph in the first step that runs it, and writes about that.
   *
   * @param what the work, such as "building the graph".
   */
  public void preparing(String what) {
    noise.close();
    if (interactive) {
      details = List.of(what);
      draw(System.nanoTime());
    }
    noise = LibraryNoise.hide();
  }

  /**
   * Moves on. Without a terminal, a line is written at every tenth of the work.
   *
   * @param stepsDone steps that are over.
   * @param stepsAll number of all steps.
   * @param about what else to show, the most important first; the last ones are left out where the
   *     line is full.
   */
  public void at(long stepsDone, long stepsAll, String... about) {
    move(stepsDone, stepsAll, about);
    int tenth = (int) (TENTHS * stepsDone / Math.max(1, stepsAll));
    if (!interactive && err != null && tenth > tenths) {
      plainLine(100 / TENTHS * tenth + " %, " + String.join(", ", about));
    }
    tenths = tenth;
  }

  /**
   * Moves on, without lines at tenths of the work where there is no terminal, for work whose parts
   * end with {@link #partFinished}.
   *
   * @param stepsDone steps that are over.
   * @param stepsAll number of all steps.
   * @param about what else to show.
   */
  public void move(long stepsDone, long stepsAll, String... about) {
    noise.close();
    done = stepsDone;
    all = stepsAll;
    details = List.of(about);
    long now = System.nanoTime();
    timeLeft.at(stepsDone, now / 1e9);
    if (interactive && now - drawn > REDRAW_NANOS) {
      draw(now);
    }
  }

  /**
   * Writes a line about a part of the work where there is no terminal, whose line would tell it.
   *
   * @param line the line.
   */
  public void partFinished(String line) {
    noise.close();
    if (!interactive && err != null) {
      String left = done < all ? timeLeft.text(all) : "";
      plainLine(left.isEmpty() ? line : line + ", " + left);
    }
  }

  private void plainLine(String text) {
    err.println(task + ": " + text.replaceFirst(", $", ""));
    err.flush();
  }

  private void draw(long now) {
    if (now - widthAsked > ASK_WIDTH_NANOS) {
      width = columns.get().orElse(width);
      widthAsked = now;
    }
    drawn = now;
    String line = line();
    synchronized (Progress.class) {
      err.print(
          "\r" + line + " ".repeat(Math.max(0, Math.min(drawnLength, width - 1) - line.length())));
      err.flush();
      drawnLength = line.length();
      shown = this;
    }
  }

  /** The line, one column shorter than the terminal, so that no terminal wraps it. */
  private String line() {
    int room = Math.max(1, width - 1);
    List<String> parts = new ArrayList<>();
    if (all > 0) {
      parts.add(String.format(Locale.ROOT, "%3d %%", 100 * done / all));
      String left = timeLeft.text(all);
      if (!left.isEmpty()) {
        parts.add(left);
      }
    }
    parts.addAll(details);
    String tail = "  " + String.join(", ", parts);
    int least = task.length() + 2 + SHORTEST_BAR + 2;
    while (parts.size() > 1 && least + tail.length() > room) {
      parts.remove(parts.size() - 1);
      tail = "  " + String.join(", ", parts);
    }
    // The bar keeps its length while figures change theirs.
    longestTail = Math.max(Math.min(longestTail, room - least), tail.length());
    int bar = room - task.length() - 2 - 2 - longestTail;
    String line;
    if (bar < SHORTEST_BAR) {
      line = task + tail;
    } else {
      int filled = all == 0 ? 0 : (int) (bar * done / all);
      line = task + "  [" + "#".repeat(filled) + ".".repeat(bar - filled) + "]" + tail;
    }
    return line.substring(0, Math.min(room, line.length()));
  }

  private void erase() {
    if (drawnLength > 0) {
      err.print("\r" + " ".repeat(Math.max(0, Math.min(drawnLength, width - 1))) + "\r");
      err.flush();
      drawnLength = 0;
    }
  }

  @Override
  public void close() {
    noise.close();
    synchronized (Progress.class) {
      erase();
      if (shown == this) {
        shown = null;
      }
    }
  }
}

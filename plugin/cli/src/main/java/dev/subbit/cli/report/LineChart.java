package dev.subbit.cli.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A line chart for the template {@code chart/lines.jte}: x counts epochs from 1, y runs over the
 * values' own range. A value that is not a number leaves a gap. Not thread-safe.
 */
public final class LineChart {

  private static final int GRID_LINES = 5;

  /** With more epochs than this the points would hide the line; they only carry its tooltips. */
  private static final int MOST_POINTS = 40;

  private final String unit;
  private final String pattern;
  private final List<String> names = new ArrayList<>();
  private final List<double[]> series = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final List<String> markNames = new ArrayList<>();
  private boolean fromZero;

  // Set by draw().
  private int epochs;
  private double low;
  private double high;

  /**
   * Starts a chart.
   *
   * @param unit what y is, for the tooltips.
   * @param pattern how a value of y is printed in tooltips, as for {@link String#format}.
   */
  LineChart(String unit, String pattern) {
    this.unit = unit;
    this.pattern = pattern;
  }

  /**
   * Adds a line.
   *
   * @param name its name in the legend.
   * @param values one value per epoch.
   * @return this chart.
   */
  LineChart line(String name, double[] values) {
    names.add(name);
    series.add(values);
    return this;
  }

  /**
   * Marks where something begins.
   *
   * @param epoch the first epoch of it.
   * @param name what it is.
   * @return this chart.
   */
  LineChart mark(int epoch, String name) {
    marks.add(epoch);
    markNames.add(name);
    return this;
  }

  /**
   * Lets y begin at 0, for amounts.
   *
   * @return this chart.
   */
  LineChart fromZero() {
    fromZero = true;
    return this;
  }

  /**
   * Everything that is drawn, in the picture's units.
   *
   * @param description the chart in words, for screen readers.
   * @param heights the marks of the y axis, from the lowest.
   * @param epochs the marks of the x axis, from the first.
   * @param lines the lines.
   * @param many whether there are too many points to show them.
   * @param marks where something begins.
   */
  public record Drawing(
      String description,
      List<ChartFrame.Tick> heights,
      List<ChartFrame.Tick> epochs,
      List<Line> lines,
      boolean many,
      List<Mark> marks) {}

  /**
   * A line.
   *
   * @param number its number, from 0, which decides about its look.
   * @param name its name.
   * @param pieces the points of its unbroken pieces.
   * @param points its points, with their values.
   */
  public record Line(int number, String name, List<String> pieces, List<Point> points) {}

  /**
   * A point of a line.
   *
   * @param x units from the left.
   * @param y units from the top.
   * @param title epoch and value.
   */
  public record Point(String x, String y, String title) {}

  /**
   * A place where something begins.
   *
   * @param x units from the left.
   * @param beforeIt whether its name stands on its left, for lack of room on its right.
   * @param name what begins.
   */
  public record Mark(String x, boolean beforeIt, String name) {}

  /**
   * Draws the chart.
   *
   * @return what the template draws.
   */
  public Drawing draw() {
    epochs = 1;
    low = fromZero ? 0 : Double.MAX_VALUE;
    high = -Double.MAX_VALUE;
    for (double[] values : series) {
      epochs = Math.max(epochs, values.length);
      for (double value : values) {
        if (!Double.isNaN(value)) {
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
    }
    double step = high > low ? niceStep((high - low) / (GRID_LINES - 1)) : niceStep(high / 2);
    low = Math.floor(low / step + 1e-9) * step;
    high = Math.max(low + step, Math.ceil(high / step - 1e-9) * step);
    List<Line> lines = new ArrayList<>();
    for (int s = 0; s < series.size(); s++) {
      lines.add(line(s));
    }
    return new Drawing(
        description(), heights(step), epochTicks(), lines, epochs > MOST_POINTS, marks());
  }

  // The description for screen readers.
  private String description() {
    StringBuilder text = new StringBuilder(unit + " by epoch");
    for (int s = 0; s < series.size(); s++) {
      double[] values = series.get(s);
      if (values.length > 0) {
        text.append(
            Figures.format(
                "; %s: " + pattern + " in the first, " + pattern + " in the last",
                names.get(s),
                values[0],
                values[values.length - 1]));
      }
    }
    return text.toString();
  }

  private List<ChartFrame.Tick> heights(double step) {
    int decimals = Math.max(0, (int) Math.ceil(-Math.log10(step) - 1e-9));
    List<ChartFrame.Tick> ticks = new ArrayList<>();
    for (double y = low; y <= high + step / 2; y += step) {
      ticks.add(
          new ChartFrame.Tick(ChartFrame.units(y(y)), Figures.format("%,." + decimals + "f", y)));
    }
    return ticks;
  }

  private List<ChartFrame.Tick> epochTicks() {
    int every = (int) Math.max(1, niceStep(epochs / 12.0));
    List<ChartFrame.Tick> ticks = new ArrayList<>();
    for (int epoch = 1; epoch <= epochs; epoch = epoch - epoch % every + every) {
      ticks.add(new ChartFrame.Tick(ChartFrame.units(x(epoch)), "" + epoch));
    }
    return ticks;
  }

  private List<Mark> marks() {
    List<Mark> drawn = new ArrayList<>();
    for (int m = 0; m < marks.size(); m++) {
      double x = x(Math.max(1, marks.get(m) - 0.5));
      drawn.add(new Mark(ChartFrame.units(x), x > 0.75 * ChartFrame.WIDTH, markNames.get(m)));
    }
    return drawn;
  }

  private Line line(int s) {
    double[] values = series.get(s);
    List<String> pieces = new ArrayList<>();
    List<Point> points = new ArrayList<>();
    StringBuilder piece = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      if (Double.isNaN(values[i])) {
        addPiece(pieces, piece);
        piece = new StringBuilder();
        continue;
      }
      String x = ChartFrame.units(x(i + 1));
      String y = ChartFrame.units(y(values[i]));
      piece.append(x).append(',').append(y).append(' ');
      String value = Figures.format(pattern, values[i]);
      points.add(
          new Point(x, y, Figures.format("%s, epoch %d: %s %s", names.get(s), i + 1, unit, value)));
    }
    addPiece(pieces, piece);
    return new Line(s, names.get(s), pieces, points);
  }

  private static void addPiece(List<String> pieces, StringBuilder piece) {
    if (piece.length() > 0) {
      pieces.add(piece.toString().strip());
    }
  }

  private double x(double epoch) {
    double along = epochs == 1 ? 0.5 : (epoch - 1) / (epochs - 1);
    return ChartFrame.x(along);
  }

  private double y(double value) {
    return ChartFrame.y((high - value) / (high - low));
  }

  // The 1, 2 or 5 times a power of ten next above the raw step.
  private static double niceStep(double raw) {
    if (!(raw > 0) || Double.isInfinite(raw)) {
      return 1;
    }
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    for (double factor : new double[] {1, 2, 5}) {
      if (factor * power >= raw) {
        return factor * power;
      }
    }
    return 10 * power;
  }
}

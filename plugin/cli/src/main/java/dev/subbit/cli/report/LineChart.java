package dev.subbit.cli.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A line chart as inline SVG: x counts epochs from 1, y runs over the values' own range. A value
 * that is not a number leaves a gap. Colours come from the page's style sheet (classes {@code
 * series0}, {@code series1}, ...). Not thread-safe.
 */
final class LineChart {

  private static final int WIDTH = 460;
  private static final int HEIGHT = 240;
  private static final int LEFT = 52;
  private static final int RIGHT = 12;
  private static final int TOP = 12;
  private static final int BOTTOM = 36;
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

  // Set by svg().
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
   * Draws the chart.
   *
   * @return one svg element.
   */
  String svg() {
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

    StringBuilder svg = new StringBuilder();
    svg.append(
        Figures.format(
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
            WIDTH, HEIGHT, Html.escape(description())));
    appendAxes(svg, step);
    for (int s = 0; s < series.size(); s++) {
      appendLine(svg, s);
    }
    // Last, so that a line under a name does not cross it out.
    for (int m = 0; m < marks.size(); m++) {
      appendMark(svg, m);
    }
    return svg.append("</svg>").toString();
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

  private void appendAxes(StringBuilder svg, double step) {
    int decimals = Math.max(0, (int) Math.ceil(-Math.log10(step) - 1e-9));
    for (double y = low; y <= high + step / 2; y += step) {
      double py = y(y);
      svg.append(
          Figures.format(
              "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>"
                  + "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
              LEFT,
              py,
              WIDTH - RIGHT,
              py,
              LEFT - 6,
              py + 4,
              Figures.format("%,." + decimals + "f", y)));
    }
    int every = (int) Math.max(1, niceStep(epochs / 12.0));
    for (int epoch = 1; epoch <= epochs; epoch = epoch - epoch % every + every) {
      svg.append(
          Figures.format(
              "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>",
              x(epoch), HEIGHT - BOTTOM + 16, epoch));
    }
    svg.append(
        Figures.format(
            "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">epoch</text>",
            WIDTH - RIGHT, HEIGHT - 4));
  }

  private void appendMark(StringBuilder svg, int m) {
    double px = x(Math.max(1, marks.get(m) - 0.5));
    boolean right = px > 0.75 * WIDTH;
    svg.append(
        Figures.format(
            "<line class=\"mark\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
                + "<text class=\"tick name\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>",
            px,
            TOP,
            px,
            HEIGHT - BOTTOM,
            right ? px - 4 : px + 4,
            TOP + 10,
            right ? "end" : "start",
            Html.escape(markNames.get(m))));
  }

  private void appendLine(StringBuilder svg, int s) {
    double[] values = series.get(s);
    StringBuilder lines = new StringBuilder("<polyline points=\"");
    StringBuilder dots = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      if (Double.isNaN(values[i])) {
        lines.append("\"/><polyline points=\"");
        continue;
      }
      double px = x(i + 1);
      double py = y(values[i]);
      lines.append(Figures.format("%.1f,%.1f ", px, py));
      dots.append(
          Figures.format(
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s, epoch %d: %s %s</title></circle>",
              px,
              py,
              Html.escape(names.get(s)),
              i + 1,
              Html.escape(unit),
              Figures.format(pattern, values[i])));
    }
    svg.append("<g class=\"series")
        .append(s)
        .append(epochs > MOST_POINTS ? " many" : "")
        .append("\">")
        .append(lines.append("\"/>").toString().replace("<polyline points=\"\"/>", ""))
        .append(dots)
        .append("</g>");
  }

  private double x(double epoch) {
    double along = epochs == 1 ? 0.5 : (epoch - 1) / (epochs - 1);
    return LEFT + along * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low);
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

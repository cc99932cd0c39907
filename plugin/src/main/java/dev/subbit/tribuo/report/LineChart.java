package dev.subbit.tribuo.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A line chart as inline SVG: x counts epochs from 1, y runs over the values' own range. Colours
 * come from the page's style sheet (classes {@code series0}, {@code series1}, ...). Not
 * thread-safe.
 */
final class LineChart {

  private static final int WIDTH = 460;
  private static final int HEIGHT = 240;
  private static final int LEFT = 48;
  private static final int RIGHT = 12;
  private static final int TOP = 12;
  private static final int BOTTOM = 36;
  private static final int GRID_LINES = 5;

  private final String unit;
  private final String pattern;
  private final List<String> names = new ArrayList<>();
  private final List<double[]> series = new ArrayList<>();

  /**
   * Starts a chart.
   *
   * @param unit what y is, for the tooltips.
   * @param pattern how a value of y is printed, as for {@link String#format}.
   */
  LineChart(String unit, String pattern) {
    this.unit = unit;
    this.pattern = pattern;
  }

  /**
   * Adds a line.
   *
   * @param name its name in the legend.
   * @param values one value an epoch, none empty.
   * @return this chart.
   */
  LineChart line(String name, double[] values) {
    names.add(name);
    series.add(values);
    return this;
  }

  /**
   * Draws it.
   *
   * @return one svg element.
   */
  String svg() {
    double low = Double.MAX_VALUE;
    double high = -Double.MAX_VALUE;
    int epochs = 2;
    for (double[] values : series) {
      epochs = Math.max(epochs, values.length);
      for (double value : values) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    double step = niceStep((high - low) / (GRID_LINES - 1));
    low = Math.floor(low / step) * step;
    high = Math.max(low + step, Math.ceil(high / step) * step);

    StringBuilder svg = new StringBuilder();
    svg.append(
        DemoTable.format(
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s by epoch\">",
            WIDTH, HEIGHT, Html.escape(unit)));
    for (double y = low; y <= high + step / 2; y += step) {
      double py = y(y, low, high);
      svg.append(
          DemoTable.format(
              "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>"
                  + "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
              LEFT, py, WIDTH - RIGHT, py, LEFT - 6, py + 4, DemoTable.format(pattern, y)));
    }
    int every = 1 + (epochs - 1) / 12;
    for (int epoch = 1; epoch <= epochs; epoch += every) {
      svg.append(
          DemoTable.format(
              "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>",
              x(epoch, epochs), HEIGHT - BOTTOM + 16, epoch));
    }
    svg.append(
        DemoTable.format(
            "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">epoch</text>",
            WIDTH - RIGHT, HEIGHT - 4));
    for (int s = 0; s < series.size(); s++) {
      appendLine(svg, s, low, high, epochs);
    }
    return svg.append("</svg>").toString();
  }

  private void appendLine(StringBuilder svg, int s, double low, double high, int epochs) {
    double[] values = series.get(s);
    StringBuilder points = new StringBuilder();
    StringBuilder dots = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      double px = x(i + 1, epochs);
      double py = y(values[i], low, high);
      points.append(DemoTable.format("%.1f,%.1f ", px, py));
      dots.append(
          DemoTable.format(
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s, epoch %d: %s %s</title></circle>",
              px,
              py,
              Html.escape(names.get(s)),
              i + 1,
              Html.escape(unit),
              DemoTable.format(pattern, values[i])));
    }
    svg.append("<g class=\"series")
        .append(s)
        .append("\"><polyline points=\"")
        .append(points)
        .append("\"/>")
        .append(dots)
        .append("</g>");
  }

  private static double x(int epoch, int epochs) {
    return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - 1) / (double) (epochs - 1);
  }

  private static double y(double value, double low, double high) {
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

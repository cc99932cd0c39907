package dev.subbit.cli.report;

import dev.subbit.tribuo.quantizer.SizePoint;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import java.util.ArrayList;
import java.util.List;

/**
 * A chart of files for the template {@code chart/sizes.jte}: x is their size, from 0 on, y the
 * share of equal decisions.
 */
public final class SizeChart {

  private static final int TICKS = 4;

  private final List<SizePoint> files;
  private final double largest;
  private final double low;

  /**
   * Prepares a chart.
   *
   * @param files the files, at least one.
   */
  SizeChart(List<SizePoint> files) {
    this.files = files;
    this.largest = files.stream().mapToLong(SizePoint::bytes).max().orElseThrow();
    double worst = files.stream().mapToDouble(SizePoint::drop).max().orElseThrow();
    // Tenths, so that the ticks are round.
    this.low = Math.min(0.9, Math.floor((1 - worst) * 10) / 10);
  }

  /**
   * A file.
   *
   * @param x units from the left.
   * @param y units from the top.
   * @param series 0 with codewords of numbers, 1 with those of signs, 2 without sub-bit layers.
   * @param title what it is.
   */
  public record Point(String x, String y, int series, String title) {}

  /**
   * Everything that is drawn, in the picture's units.
   *
   * @param description the chart in words, for screen readers.
   * @param sizes the marks of the x axis.
   * @param shares the marks of the y axis.
   * @param points the files.
   */
  public record Drawing(
      String description,
      List<ChartFrame.Tick> sizes,
      List<ChartFrame.Tick> shares,
      List<Point> points) {}

  /**
   * Draws the chart.
   *
   * @return what the template draws.
   */
  public Drawing draw() {
    List<ChartFrame.Tick> sizes = new ArrayList<>();
    List<ChartFrame.Tick> shares = new ArrayList<>();
    for (int i = 0; i <= TICKS; i++) {
      double bytes = largest * i / TICKS;
      sizes.add(
          new ChartFrame.Tick(ChartFrame.units(x(bytes)), Figures.kilobytes(Math.round(bytes))));
      double share = low + (1 - low) * i / TICKS;
      shares.add(new ChartFrame.Tick(ChartFrame.units(y(share)), Figures.percent(share)));
    }
    List<Point> points = new ArrayList<>();
    for (SizePoint file : files) {
      int series = file.codewords() == null ? 2 : file.codewords() == Codewords.INT8 ? 0 : 1;
      points.add(
          new Point(
              ChartFrame.units(x(file.bytes())),
              ChartFrame.units(y(1 - file.drop())),
              series,
              title(file)));
    }
    String description =
        Figures.format("Equal decisions by size of %d files; the table has them all", files.size());
    return new Drawing(description, sizes, shares, points);
  }

  /** What a file is: its form, size and agreement. */
  private static String title(SizePoint file) {
    return form(file)
        + ": "
        + Figures.kilobytes(file.bytes())
        + ", "
        + Figures.percent(1 - file.drop())
        + " equal decisions, "
        + Figures.decibels(file.signalToNoise());
  }

  /**
   * The form of a file in words.
   *
   * @param file the file.
   * @return codewords, bits and rest.
   */
  static String form(SizePoint file) {
    return file.codewords() == null
        ? "no sub-bit layers, all " + file.rest()
        : Figures.format(
            "%s codewords at %.2f bits, rest %s",
            file.codewords(), file.bitsPerWeight(), file.rest());
  }

  private double x(double bytes) {
    return ChartFrame.x(bytes / largest);
  }

  private double y(double share) {
    return ChartFrame.y((1 - share) / (1 - low));
  }
}

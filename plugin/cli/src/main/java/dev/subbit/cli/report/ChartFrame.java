package dev.subbit.cli.report;

/** The place of all charts of the reports, in a picture's units. */
public final class ChartFrame {

  /** The picture's width. */
  public static final int WIDTH = 460;

  /** The picture's height. */
  public static final int HEIGHT = 240;

  /** The left end of the x axis. */
  public static final int LEFT = 52;

  /** The right end of the x axis. */
  public static final int RIGHT = WIDTH - 12;

  /** The upper end of the y axis. */
  public static final int TOP = 12;

  /** The lower end of the y axis. */
  public static final int BOTTOM = HEIGHT - 36;

  private ChartFrame() {}

  /**
   * A mark of an axis.
   *
   * @param place units along the axis.
   * @param label its text.
   */
  public record Tick(String place, String label) {}

  /** Units from the left of a share of the x axis, 0 at its left end. */
  static double x(double share) {
    return LEFT + (RIGHT - LEFT) * share;
  }

  /** Units from the top of a share of the y axis, 0 at its upper end. */
  static double y(double share) {
    return TOP + (BOTTOM - TOP) * share;
  }

  /** A length as it is written into a picture. */
  static String units(double length) {
    return Figures.format("%.1f", length);
  }
}

package dev.subbit.cli.bench;

import dev.subbit.cli.terminal.TextTable;
import dev.subbit.tribuo.training.ClusterCost;
import dev.subbit.tribuo.training.ClusterCost.Round;
import dev.subbit.tribuo.training.ClusterCost.Took;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * What was measured of a cluster, and what is modelled from it for others.
 *
 * @param network what is trained, in words.
 * @param processes number of processes that were measured.
 * @param images images of a step in each of them.
 * @param cost what one of them measured.
 * @param gigabits speed of the modelled network, in Gbit/s.
 */
record ClusterReport(String network, int processes, int images, ClusterCost cost, double gigabits) {

  private static final List<Integer> MACHINES = List.of(2, 8, 32);
  private static final double BITS_OF_A_GIGABIT = 1e9;

  /**
   * What a number of machines would do.
   *
   * @param machines their number.
   * @param exchangeSeconds the time of an exchange.
   * @param efficiency the share of the time in which they compute.
   * @param imagesPerSecond of all of them.
   */
  record Model(int machines, double exchangeSeconds, double efficiency, double imagesPerSecond) {}

  /** Median and range of what was measured in the rounds. */
  private record Spread(double median, double lowest, double highest) {

    static Spread of(List<Round> rounds, ToDoubleFunction<Round> value) {
      double[] sorted = rounds.stream().mapToDouble(value).sorted().toArray();
      return new Spread(sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1]);
    }

    String percent() {
      return text("%.1f %% (%.1f to %.1f)", 100 * median, 100 * lowest, 100 * highest);
    }
  }

  private Spread spread(ToDoubleFunction<Round> value) {
    return Spread.of(cost.rounds(), value);
  }

  /** The share of a step that the exchange takes, and the waiting for others where time counts. */
  private Spread share(ToDoubleFunction<Took> time) {
    return spread(
        round -> 1 - time.applyAsDouble(round.alone()) / time.applyAsDouble(round.together()));
  }

  /**
   * Models machines that compute as the measured process does, in a ring: each sends and receives 2
   * (n - 1) / n times the values, both at once. Delays count as none, and computing waits for the
   * exchange.
   */
  Model model(int machines) {
    double bits = (double) Float.SIZE * cost.values() * 2 * (machines - 1) / machines;
    double exchange = bits / (gigabits * BITS_OF_A_GIGABIT);
    double alone = spread(round -> round.alone().seconds()).median();
    return new Model(
        machines, exchange, alone / (alone + exchange), machines * images / (alone + exchange));
  }

  private List<Model> models() {
    return MACHINES.stream().map(this::model).toList();
  }

  /** The report as text. */
  @Override
  public String toString() {
    TextTable measured =
        new TextTable(1, "measured", "median, ms", "lowest", "highest", "processor time, ms");
    addRow(measured, "step of each process by itself", Round::alone);
    addRow(measured, "the same step with the exchange", Round::together);
    addRow(measured, "the exchange alone", Round::exchange);
    TextTable modelled = new TextTable(0, "machines", "exchange, ms", "efficiency", "images/s");
    for (Model model : models()) {
      modelled.row(
          Integer.toString(model.machines()),
          text("%.0f", 1e3 * model.exchangeSeconds()),
          text("%.1f %%", 100 * model.efficiency()),
          text("%.1f", model.imagesPerSecond()));
    }
    return text(
            "%s: %d images in each of %d processes; a step exchanges %,d values (%.1f MB)%n%n",
            network, images, processes, cost.values(), (double) Float.BYTES * cost.values() / 1e6)
        + measured
        + text(
            "%nShare of the exchange in a step: %s; of its processor time: %s%n%n",
            share(Took::seconds).percent(), share(Took::processorSeconds).percent())
        + text(
            "Modelled: machines like these processes, in a ring at %s Gbit/s, no delays, no"
                + " overlap%n%n",
            gigabits)
        + modelled;
  }

  private void addRow(TextTable table, String name, Function<Round, Took> what) {
    Spread seconds = spread(round -> what.apply(round).seconds());
    Spread processor = spread(round -> what.apply(round).processorSeconds());
    table.row(
        name,
        text("%,.1f", 1e3 * seconds.median()),
        text("%,.1f", 1e3 * seconds.lowest()),
        text("%,.1f", 1e3 * seconds.highest()),
        text("%,.1f", 1e3 * processor.median()));
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  /** The report for other programs. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("network", network);
    fields.put("processes", processes);
    fields.put("images", images);
    fields.put("values", cost.values());
    fields.put("rounds", cost.rounds());
    fields.put("share", share(Took::seconds).median());
    fields.put("shareOfProcessorTime", share(Took::processorSeconds).median());
    fields.put("modelledGigabits", gigabits);
    fields.put("modelled", models());
    return fields;
  }
}

package dev.subbit.cli.bench;

import dev.subbit.cli.bench.peer.Clock;
import dev.subbit.tribuo.quantizer.timing.Timings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The measurements of one layer or network in one form.
 *
 * @param setting the circumstances of the measurement, and the peers.
 * @param operator which form: the label of a {@link LayerOperator}, and its stages if several.
 * @param tau bits of an index.
 * @param kernel the kernel that ran; several are separated by semicolons.
 * @param boundSeconds what one core needs for the vector operations that the kernels cannot do
 *     without, see {@link dev.subbit.onnx.KernelLog.Entry#boundSeconds}; empty where none is known.
 * @param ours the sub-bit operator or network.
 * @param bnn the same at tau = 9.
 * @param baseline what this form is to be faster than, at the same tau, or null if that was not
 *     measured too.
 * @param oneThread the same on one thread, or null if that was not measured too.
 */
record BenchRow(
    Setting setting,
    String operator,
    int tau,
    String kernel,
    OptionalDouble boundSeconds,
    Timings ours,
    Timings bnn,
    Timings baseline,
    Timings oneThread) {

  private static final double MICROS = 1e6;

  /**
   * The measurements that all rows of one layer or network share.
   *
   * @param label the layer or network.
   * @param network the network that it is, or that has such a layer.
   * @param chain how many such layers were run at once; all times are those of one layer.
   * @param threads threads of a run.
   * @param isa the instruction set that Subbit's kernels may use.
   * @param clock what counts as time.
   * @param peers the peers that took part.
   * @param callSeconds what a run of a model that does nothing takes in ONNX Runtime. Every run has
   *     this cost, each layer of a chain its share of it.
   * @param openVinoCallSeconds the same in OpenVINO, whose times are given without it; empty if it
   *     took no part.
   */
  public record Setting(
      String label,
      String network,
      int chain,
      int threads,
      String isa,
      Clock clock,
      Map<Peer, PeerTimes> peers,
      double callSeconds,
      OptionalDouble openVinoCallSeconds) {}

  /**
   * A peer's measurements.
   *
   * @param timings its times.
   * @param detail what it ran as: for ONNX Runtime the optimisation level, {@code all} or {@code
   *     extended}; else its version.
   */
  record PeerTimes(Timings timings, String detail) {}

  /**
   * The speed relative to a peer.
   *
   * @param peer the peer.
   * @return one ratio per round, or empty if it took no part.
   */
  Optional<Timings> times(Peer peer) {
    return Optional.ofNullable(setting.peers().get(peer))
        .map(measured -> ours.timesLonger(measured.timings()));
  }

  /**
   * The speed relative to the form that this one is to be faster than.
   *
   * @return one ratio per round, or empty where that was not measured too.
   */
  Optional<Timings> timesBaseline() {
    return Optional.ofNullable(baseline).map(ours::timesLonger);
  }

  /**
   * The speed relative to the same operator at tau = 9.
   *
   * @return one ratio per round.
   */
  public Timings timesBnn() {
    return ours.timesLonger(bnn);
  }

  /**
   * The speed relative to the same operator on one thread.
   *
   * @return one ratio per round, or empty where one thread was not measured too.
   */
  public Optional<Timings> timesOneThread() {
    return Optional.ofNullable(oneThread).map(ours::timesLonger);
  }

  /**
   * Adds the time on one thread to this row.
   *
   * @param rows rows of the same rounds.
   * @return this row, with the time of the row of the same operator and tau that ran on one thread.
   */
  BenchRow besideOneThread(List<BenchRow> rows) {
    return rows.stream()
        .filter(row -> row.setting.threads() == 1)
        .filter(row -> row.operator.equals(operator) && row.tau == tau)
        .findFirst()
        .map(
            row ->
                new BenchRow(
                    setting, operator, tau, kernel, boundSeconds, ours, bnn, baseline, row.ours))
        .orElse(this);
  }

  /**
   * The share of its bound that the kernel reaches: 1 would be as fast as its additions allow.
   *
   * @return the share, or empty where no bound is known.
   */
  public OptionalDouble shareOfBound() {
    return boundSeconds.isEmpty()
        ? boundSeconds
        : OptionalDouble.of(boundSeconds.getAsDouble() / setting.threads() / ours.median());
  }

  /**
   * The row as {@code --json} writes it. Times are medians in microseconds; ratios ({@code
   * times_...}) are medians of the rounds' own ratios and above 1 where this operator is faster;
   * {@code quartiles} holds the lower and the upper quartile of each.
   *
   * @return the fields in their order; null where there is nothing to say.
   */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    Map<String, double[]> quartiles = new LinkedHashMap<>();
    fields.put("case", setting.label());
    fields.put("network", setting.network());
    fields.put("op", operator);
    fields.put("tau", tau);
    fields.put("kernel", kernel);
    put("median_us", ours.times(MICROS), fields, quartiles);
    for (Peer peer : Peer.values()) {
      Optional<PeerTimes> measured = Optional.ofNullable(setting.peers().get(peer));
      Optional<Timings> micros = measured.map(times -> times.timings().times(MICROS));
      put(peer.field() + "_us", micros, fields, quartiles);
    }
    put("bnn_us", bnn.times(MICROS), fields, quartiles);
    put("binary_us", Optional.ofNullable(baseline).map(b -> b.times(MICROS)), fields, quartiles);
    for (Peer peer : Peer.values()) {
      put(peer.ratioField(), times(peer), fields, quartiles);
    }
    put("times_bnn", timesBnn(), fields, quartiles);
    put("times_binary", timesBaseline(), fields, quartiles);
    put("times_one_thread", timesOneThread(), fields, quartiles);
    fields.put("quartiles", quartiles);
    OptionalDouble share = shareOfBound();
    fields.put("bound", share.isPresent() ? share.getAsDouble() : null);
    fields.put("processor", Processors.name());
    fields.put("isa", setting.isa());
    fields.put("clock", setting.clock().name().toLowerCase(Locale.ROOT));
    fields.put("threads", setting.threads());
    fields.put("rounds", ours.ofRounds().length);
    fields.put("chain", setting.chain());
    fields.put("call_us", setting.callSeconds() * MICROS);
    OptionalDouble openVinoCall = setting.openVinoCallSeconds();
    fields.put(
        "openvino_call_us", openVinoCall.isPresent() ? openVinoCall.getAsDouble() * MICROS : null);
    fields.put("ort_fp32_level", setting.peers().get(Peer.ORT_FP32).detail());
    PeerTimes int8 = setting.peers().get(Peer.ORT_INT8);
    fields.put("ort_int8_level", int8 == null ? null : int8.detail());
    return fields;
  }

  private static void put(
      String name,
      Optional<Timings> of,
      Map<String, Object> fields,
      Map<String, double[]> quartiles) {
    fields.put(name, null);
    of.ifPresent(timings -> put(name, timings, fields, quartiles));
  }

  private static void put(
      String name, Timings of, Map<String, Object> fields, Map<String, double[]> quartiles) {
    fields.put(name, of.median());
    quartiles.put(name, new double[] {of.lowerQuartile(), of.upperQuartile()});
  }
}

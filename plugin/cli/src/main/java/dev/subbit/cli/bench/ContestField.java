package dev.subbit.cli.bench;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.KernelLog;
import dev.subbit.tribuo.quantizer.timing.Timings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** All sides of a {@link Contest} that run on one number of threads, loaded. */
final class ContestField implements AutoCloseable {

  private static final int BNN_TAU = Codebook.MAX_TAU;

  /** More than any layer takes to choose its kernel. */
  private static final int MOST_MEASURED_RUNS = 64;

  private final Contest contest;
  private final Contest.Rules rules;
  private final int threads;
  private final PeerSession fp32;
  private final PeerSession int8;
  private final List<Entrant> entrants = new ArrayList<>();
  private final List<BenchSession> sessions = new ArrayList<>();

  /** A sub-bit model that takes part, and what it runs on. */
  private record Entrant(String form, int tau, List<KernelLog.Entry> kernels) {}

  /**
   * Loads the sides.
   *
   * @param contest what is measured.
   * @param rules how it is measured.
   * @param threads threads of a run.
   * @throws OrtException if ONNX Runtime refuses a model.
   */
  ContestField(Contest contest, Contest.Rules rules, int threads) throws OrtException {
    this.contest = contest;
    this.rules = rules;
    this.threads = threads;
    fp32 = PeerSession.fastest(contest.fp32(), threads, rules.turnSeconds());
    sessions.add(fp32.session());
    int8 = PeerSession.fastest(contest.int8(), threads, rules.turnSeconds());
    sessions.add(int8.session());
    sessions.add(new BenchSession(PeerSession.doingNothing(), OptLevel.ALL_OPT, threads));
    // Tau = 9 always takes part, for comparison.
    TreeSet<Integer> taus = new TreeSet<>(rules.taus());
    taus.add(BNN_TAU);
    for (Map.Entry<String, Contest.Form> form : contest.forms().entrySet()) {
      for (int tau : taus) {
        BenchSession session =
            new BenchSession(form.getValue().model(tau), OptLevel.ALL_OPT, threads);
        sessions.add(session);
        entrants.add(new Entrant(form.getKey(), tau, settledKernels(session)));
      }
    }
  }

  /** Runs a model until no kernel is being measured any more, and says which ones were chosen. */
  private static List<KernelLog.Entry> settledKernels(BenchSession session) throws OrtException {
    List<KernelLog.Entry> entries = KernelLog.during(session::run);
    for (int run = 1; run < MOST_MEASURED_RUNS && isMeasuring(entries); run++) {
      entries = KernelLog.during(session::run);
    }
    return entries;
  }

  private static boolean isMeasuring(List<KernelLog.Entry> entries) {
    return entries.stream()
        .flatMap(entry -> entry.choice().stream())
        .anyMatch(KernelLog.Choice::measuring);
  }

  /** The sides in the order in which they take their turns. */
  List<BenchSession> sessions() {
    return sessions;
  }

  /**
   * Makes rows of the measured times.
   *
   * @param runs the times of a run of each side, in the order of {@link #sessions}.
   * @return one row for each form and tau.
   */
  List<BenchRow> rows(List<Timings> runs) {
    List<Timings> timings = runs.stream().map(run -> run.times(1.0 / contest.chain())).toList();
    BenchRow.Setting setting =
        new BenchRow.Setting(
            contest.label(),
            contest.network(),
            contest.chain(),
            threads,
            KernelLog.instructionSet(),
            new BenchRow.Peer(timings.get(0), fp32.level()),
            new BenchRow.Peer(timings.get(1), int8.level()),
            runs.get(2).median());
    List<Timings> ofEntrants = timings.subList(timings.size() - entrants.size(), timings.size());
    Map<String, Timings> bnns = new HashMap<>();
    for (int i = 0; i < entrants.size(); i++) {
      if (entrants.get(i).tau() == BNN_TAU) {
        bnns.put(entrants.get(i).form(), ofEntrants.get(i));
      }
    }
    List<BenchRow> rows = new ArrayList<>();
    for (int i = 0; i < entrants.size(); i++) {
      Entrant entrant = entrants.get(i);
      if (rules.taus().contains(entrant.tau())) {
        rows.add(
            new BenchRow(
                setting,
                entrant.form(),
                entrant.tau(),
                kernels(entrant.kernels()),
                bound(entrant.kernels()),
                ofEntrants.get(i),
                bnns.get(entrant.form()),
                null));
      }
    }
    return rows;
  }

  private static String kernels(List<KernelLog.Entry> entries) {
    return entries.stream()
        .map(KernelLog.Entry::kernel)
        .distinct()
        .collect(Collectors.joining("; "));
  }

  /** The bound of one layer, or of all layers of a network that have one. */
  private OptionalDouble bound(List<KernelLog.Entry> entries) {
    double[] bounds =
        entries.stream()
            .flatMapToDouble(entry -> entry.boundSeconds().stream())
            .map(seconds -> seconds / contest.chain())
            .toArray();
    return bounds.length == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(Arrays.stream(bounds).sum());
  }

  @Override
  public void close() throws OrtException {
    for (BenchSession session : sessions) {
      session.close();
    }
  }
}

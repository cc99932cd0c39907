package dev.subbit.cli.bench;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.subbit.cli.bench.BenchRow.PeerTimes;
import dev.subbit.cli.bench.peer.PeerProcess;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.KernelLog;
import dev.subbit.tribuo.quantizer.timing.Timings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** All sides of a {@link Contest} that run on one number of threads, loaded. */
final class ContestField implements AutoCloseable {

  private static final int BNN_TAU = Codebook.MAX_TAU;

  /** More than any layer takes to choose its kernel. */
  private static final int MOST_MEASURED_RUNS = 64;

  /** How far outputs of one model may lie apart in floats, relative to their spread. */
  private static final double MOST_DIFFERENCE_FP32 = 0.01;

  /** The same in 8 bits, where engines round differently in many places. */
  private static final double MOST_DIFFERENCE_INT8 = 0.2;

  private final Contest contest;
  private final Contest.Rules rules;
  private final int threads;

  /** All sides, in the order in which they take their turns. */
  private final List<Side> sides = new ArrayList<>();

  /** Those of them that run in this process. */
  private final List<BenchSession> sessions = new ArrayList<>();

  private final Map<Peer, Integer> peers = new EnumMap<>(Peer.class);
  private final Map<Peer, String> peerDetails = new EnumMap<>(Peer.class);
  private final List<Entrant> entrants = new ArrayList<>();
  private final int ortCall;
  private int openVinoCall;

  /** A sub-bit model that takes part, the place of its side, and what it runs on. */
  private record Entrant(Contest.Form form, int tau, int side, List<KernelLog.Entry> kernels) {}

  /**
   * Loads the sides.
   *
   * @param contest what is measured.
   * @param rules how it is measured.
   * @param threads threads of a run.
   * @throws OrtException if ONNX Runtime refuses a model.
   * @throws IOException if OpenVINO's process ends.
   */
  ContestField(Contest contest, Contest.Rules rules, int threads) throws OrtException, IOException {
    this.contest = contest;
    this.rules = rules;
    this.threads = threads;
    BenchSession nothing = new BenchSession(PeerSession.doingNothing(), OptLevel.ALL_OPT, threads);
    ortCall = add(nothing);
    PeerSession fp32 = PeerSession.fastest(contest.fp32(), threads, rules.rounds());
    add(Peer.ORT_FP32, fp32);
    Optional<PeerProcess> openVino = rules.openVino();
    if (openVino.isPresent()) {
      openVinoCall = add(openVino.get().load(nothing.model(), threads, nothing.inputs())::seconds);
      addOpenVino(Peer.OPENVINO_FP32, openVino.get(), fp32.session(), MOST_DIFFERENCE_FP32);
    }
    if (contest.int8() != null) {
      PeerSession int8 = PeerSession.fastest(contest.int8(), threads, rules.rounds());
      add(Peer.ORT_INT8, int8);
      if (openVino.isPresent()) {
        addOpenVino(Peer.OPENVINO_INT8, openVino.get(), int8.session(), MOST_DIFFERENCE_INT8);
      }
    }
    // Tau = 9 always takes part, for comparison.
    TreeSet<Integer> taus = new TreeSet<>(rules.taus());
    taus.add(BNN_TAU);
    for (Contest.Form form : contest.forms()) {
      for (int tau : taus) {
        BenchSession session = new BenchSession(form.models().make(tau), OptLevel.ALL_OPT, threads);
        int side = add(session);
        entrants.add(new Entrant(form, tau, side, settledKernels(session)));
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

  private int add(Side side) {
    sides.add(side);
    return sides.size() - 1;
  }

  private int add(BenchSession session) {
    sessions.add(session);
    return add((Side) session);
  }

  private void add(Peer peer, PeerSession loaded) {
    peers.put(peer, add(loaded.session()));
    peerDetails.put(peer, loaded.level());
  }

  /** Adds a model in OpenVINO, unless it gives other values there. */
  private void addOpenVino(
      Peer peer, PeerProcess openVino, BenchSession inOrt, double mostDifference)
      throws OrtException, IOException {
    PeerProcess.Model model = openVino.load(inOrt.model(), threads, inOrt.inputs());
    double difference = inOrt.differenceFrom(model.outputs());
    // Not a number is not close.
    if (!(difference <= mostDifference)) {
      rules
          .notes()
          .accept(
              String.format(
                  Locale.ROOT,
                  "%s: %s is left out, because its outputs differ from ONNX Runtime's by %.2g of"
                      + " their spread; at most %s may.",
                  contest.label(),
                  peer.label(),
                  difference,
                  mostDifference));
      return;
    }
    peers.put(peer, add(model::seconds));
    peerDetails.put(peer, openVino.version());
  }

  /** The sides in the order in which they take their turns. */
  List<Side> sides() {
    return sides;
  }

  /**
   * Makes rows of the measured times.
   *
   * @param runs the times of a run of each side, in the order of {@link #sides}.
   * @return one row for each form and tau.
   */
  List<BenchRow> rows(List<Timings> runs) {
    Map<Peer, PeerTimes> times = new EnumMap<>(Peer.class);
    peers.forEach(
        (peer, side) ->
            times.put(
                peer, new PeerTimes(perLayer(withoutCall(peer, runs)), peerDetails.get(peer))));
    BenchRow.Setting setting =
        new BenchRow.Setting(
            contest.label(),
            contest.network(),
            contest.chain(),
            threads,
            KernelLog.instructionSet(),
            rules.rounds().clock(),
            times,
            runs.get(ortCall).median(),
            rules.openVino().isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(runs.get(openVinoCall).median()));
    List<BenchRow> rows = new ArrayList<>();
    for (Entrant entrant : entrants) {
      if (rules.taus().contains(entrant.tau())) {
        String baseline = entrant.form().baseline();
        rows.add(
            new BenchRow(
                setting,
                entrant.form().name(),
                entrant.tau(),
                kernels(entrant.kernels()),
                bound(entrant.kernels()),
                perLayer(runs.get(entrant.side())),
                timesOf(entrant.form().name(), BNN_TAU, runs),
                timesOf(baseline, entrant.tau(), runs),
                null));
      }
    }
    return rows;
  }

  /**
   * The times of a peer; those of OpenVINO without what a call from Python takes, which a program
   * in another language would not pay.
   */
  private Timings withoutCall(Peer peer, List<Timings> runs) {
    Timings all = runs.get(peers.get(peer));
    return peer.isOpenVino() ? all.minus(runs.get(openVinoCall).median()) : all;
  }

  /** The times of a form that takes part, or null. */
  private Timings timesOf(String form, int tau, List<Timings> runs) {
    return entrants.stream()
        .filter(entrant -> entrant.form().name().equals(form) && entrant.tau() == tau)
        .findFirst()
        .map(entrant -> perLayer(runs.get(entrant.side())))
        .orElse(null);
  }

  private Timings perLayer(Timings run) {
    return run.times(1.0 / contest.chain());
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

package dev.subbit.tribuo.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.KernelLog;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Measures sub-bit models beside ONNX Runtime's own operators and beside the same models at tau =
 * 9, all in turns. What is timed is a whole run of a model, packing and laying out included.
 *
 * @param label what is measured.
 * @param network the network that it is, or is part of.
 * @param chain how many equal layers a model has; times are divided by it.
 * @param fp32 the same in ONNX Runtime's float operators.
 * @param int8 the same in its 8-bit operators.
 * @param forms the sub-bit forms by name.
 */
record Contest(
    String label,
    String network,
    int chain,
    ModelProto fp32,
    ModelProto int8,
    Map<String, Form> forms) {

  private static final int BNN_TAU = Codebook.MAX_TAU;

  /** Makes a sub-bit model at a given tau. */
  @FunctionalInterface
  interface Form {
    /**
     * Makes the model.
     *
     * @param tau bits of an index, 1 to 9.
     * @return the model.
     */
    ModelProto model(int tau);
  }

  /** How it is measured. */
  record Rules(List<Integer> taus, int threads, int rounds, double turnSeconds) {}

  /** A sub-bit model that takes part, and what it ran on. */
  private record Entrant(
      String form, int tau, BenchSession session, List<KernelLog.Entry> kernels) {}

  /**
   * Measures.
   *
   * @param rules how.
   * @return one row for each form and tau.
   * @throws OrtException if ONNX Runtime refuses a model.
   */
  List<BenchRow> run(Rules rules) throws OrtException {
    List<BenchSession> sessions = new ArrayList<>();
    try {
      PeerSession float32 = PeerSession.fastest(fp32, rules.threads(), rules.turnSeconds());
      sessions.add(float32.session());
      PeerSession integer = PeerSession.fastest(int8, rules.threads(), rules.turnSeconds());
      sessions.add(integer.session());
      sessions.add(new BenchSession(PeerSession.doingNothing(), OptLevel.ALL_OPT, rules.threads()));
      int others = sessions.size();
      List<Entrant> entrants = new ArrayList<>();
      for (Map.Entry<String, Form> form : forms.entrySet()) {
        // Tau = 9 takes part in any case, to compare with.
        TreeSet<Integer> taus = new TreeSet<>(rules.taus());
        taus.add(BNN_TAU);
        for (int tau : taus) {
          BenchSession session =
              new BenchSession(form.getValue().model(tau), OptLevel.ALL_OPT, rules.threads());
          sessions.add(session);
          entrants.add(new Entrant(form.getKey(), tau, session, KernelLog.during(session::run)));
        }
      }

      List<Timings> runs = Rounds.measure(sessions, rules.rounds(), rules.turnSeconds());
      List<Timings> timings = runs.stream().map(run -> run.times(1.0 / chain)).toList();
      BenchRow.Setting setting =
          new BenchRow.Setting(
              label,
              network,
              chain,
              rules.threads(),
              KernelLog.instructionSet(),
              new BenchRow.Peer(timings.get(0), float32.level()),
              new BenchRow.Peer(timings.get(1), integer.level()),
              runs.get(2).median());
      Map<String, Timings> bnns = new LinkedHashMap<>();
      for (int i = 0; i < entrants.size(); i++) {
        if (entrants.get(i).tau() == BNN_TAU) {
          bnns.put(entrants.get(i).form(), timings.get(others + i));
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
                  timings.get(others + i),
                  bnns.get(entrant.form())));
        }
      }
      return rows;
    } finally {
      for (BenchSession session : sessions) {
        session.close();
      }
    }
  }

  private static String kernels(List<KernelLog.Entry> entries) {
    return entries.stream()
        .map(KernelLog.Entry::kernel)
        .distinct()
        .collect(Collectors.joining("; "));
  }

  /** The bound of one of the layers, if every kernel has one. */
  private OptionalDouble bound(List<KernelLog.Entry> entries) {
    if (entries.stream().anyMatch(entry -> entry.boundSeconds().isEmpty())) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(
        entries.stream().mapToDouble(entry -> entry.boundSeconds().getAsDouble()).sum() / chain);
  }
}

package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtException;
import dev.subbit.tribuo.quantizer.timing.Timings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The models that are measured together: sub-bit models beside ONNX Runtime's own operators and
 * beside the same models at tau = 9, all in turns. What is timed is a whole run of a model, packing
 * and laying out included.
 *
 * @param label the name of what is measured.
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

  /** Makes a sub-bit model at a given tau. */
  @FunctionalInterface
  interface Form {
    /**
     * Makes the model at one tau.
     *
     * @param tau bits of an index, 1 to 9.
     * @return the model.
     */
    ModelProto model(int tau);
  }

  /**
   * The rules of a measurement.
   *
   * @param taus bits of an index, each 1 to 9.
   * @param threads threads of a run; every number of them is measured.
   * @param rounds number of rounds.
   * @param turnSeconds how long a side's turn lasts at least.
   */
  record Rules(List<Integer> taus, List<Integer> threads, int rounds, double turnSeconds) {}

  /**
   * Measures all models in turns.
   *
   * @param rules how to measure.
   * @return one row for each number of threads, form and tau.
   * @throws OrtException if ONNX Runtime refuses a model.
   */
  List<BenchRow> run(Rules rules) throws OrtException {
    List<ContestField> fields = new ArrayList<>();
    try {
      List<BenchSession> sessions = new ArrayList<>();
      for (int threads : rules.threads()) {
        ContestField field = new ContestField(this, rules, threads);
        fields.add(field);
        sessions.addAll(field.sessions());
      }
      List<Timings> runs = Rounds.measure(sessions, rules.rounds(), rules.turnSeconds());
      List<BenchRow> rows = new ArrayList<>();
      for (ContestField field : fields) {
        rows.addAll(field.rows(runs.subList(0, field.sessions().size())));
        runs = runs.subList(field.sessions().size(), runs.size());
      }
      return rows.stream().map(row -> row.besideOneThread(rows)).toList();
    } finally {
      for (ContestField field : fields) {
        field.close();
      }
    }
  }
}

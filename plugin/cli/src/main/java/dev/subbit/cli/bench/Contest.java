package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtException;
import dev.subbit.cli.bench.peer.PeerProcess;
import dev.subbit.tribuo.quantizer.timing.Timings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The models that are measured together: sub-bit models beside the operators of others and beside
 * the same models at tau = 9, all in turns. What is timed is a whole run of a model, packing and
 * laying out included.
 *
 * @param label the name of what is measured.
 * @param network the network that it is, or is part of.
 * @param chain how many equal layers a model has; times are divided by it.
 * @param fp32 the same in standard float operators.
 * @param int8 the same in 8 bits, standard operators between DequantizeLinear and QuantizeLinear;
 *     null where that is not measured.
 * @param forms the sub-bit forms.
 */
record Contest(
    String label, String network, int chain, ModelProto fp32, ModelProto int8, List<Form> forms) {

  /**
   * A sub-bit form of what is measured.
   *
   * @param name the name that users see.
   * @param baseline the name of the form that it is to be faster than, or null.
   * @param models makes its model at a tau of 1 to 9.
   */
  record Form(String name, String baseline, ModelAtTau models) {}

  /** Makes a model at a given tau. */
  @FunctionalInterface
  interface ModelAtTau {

    /**
     * Makes the model.
     *
     * @param tau bits of an index, 1 to 9.
     * @return the model.
     * @throws OrtException if ONNX Runtime refuses a model that it is made from.
     */
    ModelProto make(int tau) throws OrtException;
  }

  /**
   * The rules of a measurement.
   *
   * @param taus bits of an index, each 1 to 9.
   * @param threads threads of a run; every number of them is measured.
   * @param rounds how sides take turns.
   * @param openVino the process that runs the models in OpenVINO, if it takes part.
   * @param notes receives a line if a peer cannot take part after all.
   */
  record Rules(
      List<Integer> taus,
      List<Integer> threads,
      Rounds rounds,
      Optional<PeerProcess> openVino,
      Consumer<String> notes) {

    /** The same rules for other bits of an index. */
    Rules withTaus(List<Integer> others) {
      return new Rules(others, threads, rounds, openVino, notes);
    }
  }

  /**
   * Measures all models in turns.
   *
   * @param rules how to measure.
   * @return one row for each number of threads, form and tau.
   * @throws OrtException if ONNX Runtime refuses a model.
   * @throws IOException if OpenVINO's process ends.
   */
  List<BenchRow> run(Rules rules) throws OrtException, IOException {
    List<ContestField> fields = new ArrayList<>();
    try {
      List<Side> sides = new ArrayList<>();
      for (int threads : rules.threads()) {
        ContestField field = new ContestField(this, rules, threads);
        fields.add(field);
        sides.addAll(field.sides());
      }
      List<Timings> runs = rules.rounds().measure(sides);
      List<BenchRow> rows = new ArrayList<>();
      for (ContestField field : fields) {
        rows.addAll(field.rows(runs.subList(0, field.sides().size())));
        runs = runs.subList(field.sides().size(), runs.size());
      }
      return rows.stream().map(row -> row.besideOneThread(rows)).toList();
    } finally {
      for (ContestField field : fields) {
        field.close();
      }
    }
  }
}

package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.subbit.tribuo.quantizer.timing.Timings;
import java.io.IOException;
import java.util.List;

/**
 * A model of standard operators, at the optimisation level that makes it the fastest: the highest
 * changes the layout of tensors, which may not be worth it in a model of few layers.
 *
 * @param session the model, loaded.
 * @param level {@code all} or {@code extended}.
 */
record PeerSession(BenchSession session, String level) {

  private static final int ROUNDS = 7;

  /**
   * Loads a model at each level, and closes all but the fastest.
   *
   * @param model the model.
   * @param threads threads of a run.
   * @param rounds how sides take turns; a few of the rounds are enough here.
   * @return the fastest.
   * @throws OrtException if ONNX Runtime refuses the model.
   * @throws IOException never: both run in this process.
   */
  static PeerSession fastest(ModelProto model, int threads, Rounds rounds)
      throws OrtException, IOException {
    BenchSession all = new BenchSession(model, OptLevel.ALL_OPT, threads);
    BenchSession extended = new BenchSession(model, OptLevel.EXTENDED_OPT, threads);
    List<Timings> timings =
        new Rounds(ROUNDS, rounds.turnSeconds(), rounds.clock()).measure(List.of(all, extended));
    if (timings.get(0).median() <= timings.get(1).median()) {
      extended.close();
      return new PeerSession(all, "all");
    }
    all.close();
    return new PeerSession(extended, "extended");
  }

  /**
   * Makes a model that only passes one number through, to measure what a run costs before anything
   * is computed.
   *
   * @return the model.
   */
  static ModelProto doingNothing() {
    LayerGraph graph = new LayerGraph();
    graph.input("x", DataType.FLOAT, 1);
    graph
        .proto()
        .addNode(
            NodeProto.newBuilder().setName("y").setOpType("Identity").addInput("x").addOutput("y"));
    graph.output("y", DataType.FLOAT, 1);
    return graph.model();
  }
}

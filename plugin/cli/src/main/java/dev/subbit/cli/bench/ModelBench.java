package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtException;
import dev.subbit.tribuo.network.Layer.Activations;
import java.util.List;
import java.util.Map;

/**
 * Measures whole networks with binary activations beside their twins: the network of the same name
 * with float weights and real activations, once in float and once in 8 bits.
 *
 * @param taus bits of an index, each 1 to 9.
 * @param threads threads of a run; every number of them is measured.
 * @param rounds rounds per network.
 */
public record ModelBench(List<Integer> taus, List<Integer> threads, int rounds) {

  private static final double TURN_SECONDS = 2e-3;

  /**
   * Measures one network.
   *
   * @param network the network.
   * @return one row for each number of threads and tau.
   * @throws OrtException if ONNX Runtime refuses a model.
   */
  public List<BenchRow> measure(BenchNetwork network) throws OrtException {
    ModelProto fp32 = network.inFloats();
    Map<String, Contest.Form> forms =
        Map.of("binary", tau -> network.inSubBit(Activations.BINARY, tau));
    return new Contest(network.label(), network.name(), 1, fp32, Int8Twin.of(fp32), forms)
        .run(new Contest.Rules(taus, threads, rounds, TURN_SECONDS));
  }
}

package dev.subbit.cli.bench;

import ai.onnxruntime.OrtException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures the sub-bit operators on single layers.
 *
 * @param operators what to measure.
 * @param taus bits of an index, each 1 to 9.
 * @param threads threads of a run; every number of them is measured.
 * @param rounds rounds per shape.
 */
public record LayerBench(
    List<LayerOperator> operators, List<Integer> taus, List<Integer> threads, int rounds) {

  private static final double TURN_SECONDS = 2e-3;

  /**
   * Measures all operators on one shape.
   *
   * @param shape the layer.
   * @return one row for each number of threads, operator and tau.
   * @throws OrtException if ONNX Runtime refuses a model.
   */
  public List<BenchRow> measure(LayerShape shape) throws OrtException {
    Map<String, Contest.Form> forms = new LinkedHashMap<>();
    for (LayerOperator operator : operators) {
      forms.put(operator.label(), tau -> operator.model(shape, tau));
    }
    return new Contest(
            shape.label(),
            shape.network(),
            shape.chain(),
            LayerPeer.FP32.model(shape),
            LayerPeer.INT8.model(shape),
            forms)
        .run(new Contest.Rules(taus, threads, rounds, TURN_SECONDS));
  }
}

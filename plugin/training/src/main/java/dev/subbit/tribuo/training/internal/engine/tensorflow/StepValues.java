package dev.subbit.tribuo.training.internal.engine.tensorflow;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * What one step computes of its images and its updates are made from.
 *
 * @param loss the mean loss.
 * @param gradients of the variables that are trained.
 * @param codebookGradients of the codebooks that are learnt, [2^tau, 9], by node name.
 * @param statistics what the batch has in place of each moving statistic.
 */
record StepValues(
    Operand<TFloat32> loss,
    Map<Parameter, Operand<TFloat32>> gradients,
    Map<String, Operand<TFloat32>> codebookGradients,
    Map<Parameter, Operand<TFloat32>> statistics) {

  /**
   * The means over all processes, each of which has as many images. The mean of the slices'
   * variances leaves out how far their means lie apart, as the normalisation of each slice does.
   */
  StepValues meanOver(Ops tf, Ring ring) {
    RingMean exchange = new RingMean(tf);
    exchange.add(loss, Shape.scalar());
    gradients.forEach((parameter, gradient) -> exchange.add(gradient, parameter.shape()));
    codebookGradients.forEach((node, gradient) -> exchange.add(gradient, gradient.shape()));
    statistics.forEach((parameter, statistic) -> exchange.add(statistic, parameter.shape()));
    Iterator<Operand<TFloat32>> means = exchange.of(ring).iterator();
    return new StepValues(
        means.next(),
        next(gradients, means),
        next(codebookGradients, means),
        next(statistics, means));
  }

  private static <K> Map<K, Operand<TFloat32>> next(
      Map<K, Operand<TFloat32>> own, Iterator<Operand<TFloat32>> means) {
    Map<K, Operand<TFloat32>> next = new LinkedHashMap<>();
    own.keySet().forEach(key -> next.put(key, means.next()));
    return next;
  }
}

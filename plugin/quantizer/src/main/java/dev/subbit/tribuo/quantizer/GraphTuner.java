package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Trains an ONNX graph further whose layers have been fitted. Quantizing works without one; the
 * module {@code subbit-training} has one, so that this module does not depend on a training engine.
 */
public interface GraphTuner {

  /**
   * Checks that a graph can be trained, before long work.
   *
   * @param model the float model, its data inside.
   * @param layers those of its convolutions that will become sub-bit.
   * @param calibration the inputs.
   * @throws IllegalArgumentException if it cannot be; the message names the node that stands in the
   *     way, and the attribute where one does.
   */
  void requireTrainable(ModelProto model, List<ConvLayer> layers, Calibration calibration);

  /**
   * Trains a graph. The samples that are held out are not looked at.
   *
   * @param model the float model, which is the teacher.
   * @param fitted its sub-bit layers with the weights that training starts from, in order.
   * @param calibration the inputs, with labels if the tuner learns from those.
   * @param progress receives the progress.
   * @return what was learnt; what was given if that is better on samples that were not trained on.
   */
  Tuned tune(
      ModelProto model,
      Map<ConvLayer, StagedWeights> fitted,
      Calibration calibration,
      QuantizationProgress progress);

  /**
   * A trained graph.
   *
   * @param model the float model, with new numbers in initializers where layers that stay float
   *     were trained, too; all else as it was.
   * @param layers the sub-bit layers with their weights, in order.
   */
  record Tuned(ModelProto model, Map<ConvLayer, StagedWeights> layers) {

    // Copies the map, so that the result stays as it was made.
    public Tuned {
      layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
    }
  }
}

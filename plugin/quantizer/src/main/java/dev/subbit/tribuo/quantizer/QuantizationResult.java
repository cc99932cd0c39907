package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.util.List;
import java.util.Map;

/**
 * A quantized model with the results for its layers and outputs.
 *
 * @param model the model.
 * @param layers the layers that became sub-bit, in the order of the graph.
 * @param weights their weights, by name.
 * @param left the convolutions that stayed as they are, with the reasons.
 * @param outputs how far the model's outputs agree with those of the untouched model.
 * @param floatActivations the same before the activations became 8-bit; empty if they did not.
 * @param int8 the same model with 8-bit weights; null if nothing was quantized.
 * @param measured number of samples that all agreement was measured on.
 * @param heldOut whether these samples are others than those that the weights were fitted to.
 * @param chosenOn number of still other samples that the stages, or the file, were chosen by; 0
 *     where nothing was chosen, or where there are too few samples to choose by others than those
 *     that are measured on.
 * @param curve what was tried where the smallest file was searched, from the smallest on, as
 *     measured on the samples of the choice; else empty.
 */
public record QuantizationResult(
    ModelProto model,
    List<LayerResult> layers,
    Map<String, StagedWeights> weights,
    List<LeftNode> left,
    List<OutputAgreement> outputs,
    List<OutputAgreement> floatActivations,
    Int8Twin int8,
    int measured,
    boolean heldOut,
    int chosenOn,
    List<SizePoint> curve) {

  // Copies the lists, so that the result stays as it was made.
  public QuantizationResult {
    layers = List.copyOf(layers);
    weights = Map.copyOf(weights);
    left = List.copyOf(left);
    outputs = List.copyOf(outputs);
    floatActivations = List.copyOf(floatActivations);
    curve = List.copyOf(curve);
  }

  /** The same, chosen among others by the samples that a calibration has for that. */
  QuantizationResult chosenBy(Calibration calibration, List<SizePoint> others) {
    return new QuantizationResult(
        model,
        layers,
        weights,
        left,
        outputs,
        floatActivations,
        int8,
        measured,
        heldOut,
        calibration.choiceSamples(),
        others);
  }
}

package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import java.util.List;

/**
 * A quantized model and what was done to it.
 *
 * @param model the model.
 * @param layers the layers that became sub-bit, in the order of the graph.
 * @param left the convolutions that stayed, and why.
 * @param outputs how far the model's float outputs agree with those of the float model.
 */
public record QuantizationResult(
    ModelProto model,
    List<LayerResult> layers,
    List<LeftNode> left,
    List<OutputAgreement> outputs) {

  // Copies the lists.
  public QuantizationResult {
    layers = List.copyOf(layers);
    left = List.copyOf(left);
    outputs = List.copyOf(outputs);
  }
}

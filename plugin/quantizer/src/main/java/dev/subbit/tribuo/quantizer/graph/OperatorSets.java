package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitOperator;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Upgrades older models so that they can hold the sub-bit operators. */
public final class OperatorSets {

  /** The oldest standard operator set that models may be in. */
  public static final int OLDEST = 7;

  /** From this file version on, an initializer that is an input is a default, not a constant. */
  private static final int DEFAULTS_IR_VERSION = 4;

  private OperatorSets() {}

  /**
   * Makes a model ready for {@link GraphEdits}: operator sets before 12 become 12, and in files of
   * version 3 initializers are no longer inputs too. What the model computes stays the same, and
   * models that are ready are returned as they are.
   *
   * @param name the model's name in messages.
   * @param model the model.
   * @return the model.
   * @throws IOException if its operator set is too old, or it has a node that is not brought to set
   *     12; the message names it.
   */
  public static ModelProto upgrade(String name, ModelProto model) throws IOException {
    long opset = SubBitModels.standardOpset(model);
    if (opset < OLDEST) {
      throw new IOException(
          name
              + " is in ONNX operator set "
              + opset
              + "; "
              + OLDEST
              + " and newer are quantized. Export it anew, or convert it with"
              + " onnx.version_converter.");
    }
    ModelProto.Builder builder = model.toBuilder();
    if (model.getIrVersion() < DEFAULTS_IR_VERSION) {
      dropInitializedInputs(builder.getGraphBuilder());
    }
    if (opset < SubBitOperator.OLDEST_STANDARD_OPSET) {
      builder.clearOpsetImport();
      for (OperatorSetIdProto set : model.getOpsetImportList()) {
        boolean standard = set.getDomain().isEmpty() || set.getDomain().equals("ai.onnx");
        builder.addOpsetImport(
            standard
                ? set.toBuilder().setVersion(SubBitOperator.OLDEST_STANDARD_OPSET).build()
                : set);
      }
      builder.setGraph(OperatorUpgrade.to12(name, builder.getGraph(), opset));
      // Sizes are values from set 10 on, where they had been attributes.
      builder.setIrVersion(Math.max(builder.getIrVersion(), DEFAULTS_IR_VERSION));
    }
    return builder.build();
  }

  private static void dropInitializedInputs(GraphProto.Builder graph) {
    Set<String> initialized =
        graph.getInitializerList().stream().map(TensorProto::getName).collect(Collectors.toSet());
    List<ValueInfoProto> inputs =
        graph.getInputList().stream()
            .filter(input -> !initialized.contains(input.getName()))
            .toList();
    graph.clearInput().addAllInput(inputs);
  }
}

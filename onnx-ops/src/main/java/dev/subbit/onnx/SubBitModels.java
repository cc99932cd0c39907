package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import java.util.Set;
import java.util.TreeSet;

/** Makes complete ONNX models of graphs that hold sub-bit operators. */
public final class SubBitModels {

  private SubBitModels() {}

  /**
   * Makes a model that any ONNX Runtime can run: the graph, the functions of the sub-bit operators
   * it uses, and the imports and file version they need.
   *
   * @param graph the graph.
   * @return the model.
   */
  public static ModelProto ofGraph(GraphProto graph) {
    return withFunctions(ModelProto.newBuilder().setProducerName("subbit").setGraph(graph)).build();
  }

  /**
   * Adds what the sub-bit operators of a model need: their functions and the import of their
   * domain. Sets the imported standard operator set and the file version to those that the
   * functions are written in, and changes nothing else. Doing it twice is the same as once.
   *
   * @param model the model; its nodes must be valid in standard operator set {@value
   *     SubBitOperator#STANDARD_OPSET}.
   * @return the same builder.
   * @throws IllegalArgumentException if a node of the domain has an unknown type; the message names
   *     the node.
   */
  public static ModelProto.Builder withFunctions(ModelProto.Builder model) {
    Set<SubBitOperator> used = new TreeSet<>();
    for (NodeProto node : model.getGraph().getNodeList()) {
      if (node.getDomain().equals(SubBitOperator.DOMAIN)) {
        used.add(
            SubBitOperator.ofType(node.getOpType())
                .orElseThrow(
                    () ->
                        new IllegalArgumentException(
                            "Node '"
                                + node.getName()
                                + "': there is no operator "
                                + SubBitOperator.DOMAIN
                                + "."
                                + node.getOpType())));
      }
    }
    ModelProto before = model.build();
    model.setIrVersion(SubBitOperator.IR_VERSION).clearOpsetImport().clearFunctions();
    model.addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(SubBitOperator.STANDARD_OPSET));
    if (!used.isEmpty()) {
      model.addOpsetImport(
          OperatorSetIdProto.newBuilder()
              .setDomain(SubBitOperator.DOMAIN)
              .setVersion(SubBitOperator.VERSION));
    }
    before.getOpsetImportList().stream()
        .filter(set -> !set.getDomain().isEmpty() && !set.getDomain().equals(SubBitOperator.DOMAIN))
        .forEach(model::addOpsetImport);
    before.getFunctionsList().stream()
        .filter(function -> !function.getDomain().equals(SubBitOperator.DOMAIN))
        .forEach(model::addFunctions);
    used.stream().map(SubBitOperator::function).forEach((FunctionProto f) -> model.addFunctions(f));
    return model;
  }
}

package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.ModelProtoOrBuilder;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Turns graphs with sub-bit operators into complete ONNX models. */
public final class SubBitModels {

  private SubBitModels() {}

  /**
   * Creates a model that any ONNX Runtime can run from a graph, adding the functions of the sub-bit
   * operators in it and the imports and the file version that they need.
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
   * functions are written for, and changes nothing else. Calling it twice has the same effect as
   * calling it once.
   *
   * @param model the model; its nodes must be valid in standard operator set {@value
   *     SubBitOperator#STANDARD_OPSET}.
   * @return the same builder.
   * @throws IllegalArgumentException if a node of the domain has an unknown type or describes no
   *     integer network, or if there are two integer networks of different structures; the message
   *     names the node.
   */
  public static ModelProto.Builder withFunctions(ModelProto.Builder model) {
    return withFunctions(model, SubBitOperator.STANDARD_OPSET)
        .setIrVersion(SubBitOperator.IR_VERSION);
  }

  /**
   * Adds what the sub-bit operators of a foreign model need, and leaves its standard operator set
   * as it is; an older file version becomes {@value SubBitOperator#IR_VERSION}. Calling it twice
   * has the same effect as calling it once.
   *
   * @param model the model.
   * @return the same builder.
   * @throws IllegalArgumentException as {@link #withFunctions}, and if the model imports a standard
   *     operator set older than {@value SubBitOperator#OLDEST_STANDARD_OPSET}.
   */
  public static ModelProto.Builder withOperators(ModelProto.Builder model) {
    return withFunctions(model, standardOpset(model))
        .setIrVersion(Math.max(model.getIrVersion(), SubBitOperator.IR_VERSION));
  }

  /**
   * Returns the version of the standard operator set that a model imports.
   *
   * @param model the model.
   * @return the version, or 0 if the model imports none.
   */
  public static long standardOpset(ModelProtoOrBuilder model) {
    return model.getOpsetImportList().stream()
        .filter(set -> isStandard(set.getDomain()))
        .mapToLong(OperatorSetIdProto::getVersion)
        .findFirst()
        .orElse(0);
  }

  /** The nodes of Subbit's domain in a graph, and in the graphs that its nodes hold. */
  static Stream<NodeProto> nodes(GraphProto graph) {
    return graph.getNodeList().stream()
        .flatMap(
            node ->
                Stream.concat(
                    Stream.of(node).filter(n -> n.getDomain().equals(SubBitOperator.DOMAIN)),
                    node.getAttributeList().stream().flatMap(SubBitModels::nodes)));
  }

  private static Stream<NodeProto> nodes(AttributeProto attribute) {
    return Stream.concat(
            attribute.hasG() ? Stream.of(attribute.getG()) : Stream.of(),
            attribute.getGraphsList().stream())
        .flatMap(SubBitModels::nodes);
  }

  private static boolean isStandard(String domain) {
    return domain.isEmpty() || domain.equals("ai.onnx");
  }

  private static ModelProto.Builder withFunctions(ModelProto.Builder model, long opset) {
    Set<SubBitOperator> used = used(model.getGraph());
    boolean callsWeights = used.stream().anyMatch(SubBitOperator::callsWeights);
    boolean hasWeights = callsWeights || nodes(model.getGraph()).anyMatch(WeightsFunction::isCall);
    List<IntegerNetworkFunction> networks = IntegerNetworkFunction.ofGraph(model.getGraph());
    networks.forEach(network -> used.addAll(network.called()));
    ModelProto before = model.build();
    model.clearOpsetImport().clearFunctions();
    model.addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset));
    if (!used.isEmpty() || hasWeights) {
      model.addOpsetImport(
          OperatorSetIdProto.newBuilder()
              .setDomain(SubBitOperator.DOMAIN)
              .setVersion(SubBitOperator.VERSION));
    }
    before.getOpsetImportList().stream()
        .filter(
            set -> !isStandard(set.getDomain()) && !set.getDomain().equals(SubBitOperator.DOMAIN))
        .forEach(model::addOpsetImport);
    before.getFunctionsList().stream()
        .filter(function -> !function.getDomain().equals(SubBitOperator.DOMAIN))
        .forEach(model::addFunctions);
    if (callsWeights) {
      // Some tools know only the functions that stand before the one that calls them.
      model.addFunctions(WeightsFunction.function(opset));
    }
    used.stream().map(operator -> operator.function(opset)).forEach(model::addFunctions);
    networks.stream().map(network -> network.function(opset)).forEach(model::addFunctions);
    if (hasWeights && !callsWeights) {
      model.addFunctions(WeightsFunction.function(opset));
    }
    return model;
  }

  /** The sub-bit operators of a graph's nodes, subgraphs included, and those that they call. */
  private static Set<SubBitOperator> used(GraphProto graph) {
    Set<SubBitOperator> used = new TreeSet<>();
    nodes(graph)
        .filter(node -> !node.getOpType().equals(IntegerNetworkFunction.OP_TYPE))
        .filter(node -> !WeightsFunction.isCall(node))
        .forEach(
            node -> {
              SubBitOperator operator =
                  SubBitOperator.ofType(node.getOpType())
                      .orElseThrow(
                          () ->
                              new IllegalArgumentException(
                                  "Node '"
                                      + node.getName()
                                      + "': there is no operator "
                                      + SubBitOperator.DOMAIN
                                      + "."
                                      + node.getOpType()));
              used.add(operator);
              used.addAll(operator.called());
            });
    return used;
  }
}

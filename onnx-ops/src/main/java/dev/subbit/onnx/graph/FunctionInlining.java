package dev.subbit.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Puts the bodies of a model's own functions in the place of the nodes that call them, so that
 * nothing but nodes is left. ONNX Runtime would do the same, but 1.28 can crash on functions that
 * are damaged; here they are checked.
 */
public final class FunctionInlining {

  /** More nodes than any model has; calls that double at every level would go on for ever. */
  private static final int MOST_NODES = 200_000;

  /** More functions within each other than any model has; every one of them takes stack. */
  private static final int MOST_OPEN = 100;

  private final String file;
  private final Map<String, FunctionProto> functions = new HashMap<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final Set<String> prefixes = new HashSet<>();
  private int nodes;
  private int calls;

  private FunctionInlining(String file, ModelProto model, Predicate<FunctionProto> which) {
    this.file = file;
    for (FunctionProto function : model.getFunctionsList()) {
      if (which.test(function)) {
        functions.put(key(function), function);
      }
    }
    for (String name : GraphNames.of(model.getGraph())) {
      for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
        prefixes.add(name.substring(0, slash + 1));
      }
    }
  }

  /**
   * Inlines functions.
   *
   * @param file the model's name in messages.
   * @param model the model.
   * @param which the functions to inline; others stay, and so do the nodes that call them.
   * @return the model with the other functions only; as it was if it had no others.
   * @throws IOException if functions call each other in a circle or very deep, are called with more
   *     inputs or outputs than they have, come to very many nodes, or are written in another
   *     version of an operator set than the model.
   */
  public static ModelProto inline(String file, ModelProto model, Predicate<FunctionProto> which)
      throws IOException {
    FunctionInlining inlining = new FunctionInlining(file, model, which);
    if (inlining.functions.isEmpty()) {
      return model;
    }
    ModelProto.Builder result = model.toBuilder().clearFunctions();
    model.getFunctionsList().stream().filter(which.negate()).forEach(result::addFunctions);
    inlining.takeImports(model, result);
    inlining.inline(result.getGraphBuilder());
    return result.build();
  }

  /** What nodes call a function by; functions of one name are told apart by their overload. */
  private static String key(FunctionProto function) {
    return key(function.getDomain(), function.getName(), function.getOverload());
  }

  private static String key(String domain, String name, String overload) {
    return (domain.equals("ai.onnx") ? "" : domain) + ":" + name + ":" + overload;
  }

  private void takeImports(ModelProto model, ModelProto.Builder result) throws IOException {
    Map<String, Long> imports = new HashMap<>();
    for (OperatorSetIdProto set : model.getOpsetImportList()) {
      imports.put(key(set.getDomain(), "", ""), set.getVersion());
    }
    for (FunctionProto function : functions.values()) {
      for (OperatorSetIdProto set : function.getOpsetImportList()) {
        Long version = imports.putIfAbsent(key(set.getDomain(), "", ""), set.getVersion());
        if (version == null) {
          result.addOpsetImport(set);
        } else if (version != set.getVersion()) {
          throw new IOException(
              String.format(
                  "%s: function '%s' is written in version %d of operator set '%s', the model in"
                      + " %d; such functions are not inlined. Inline them with"
                      + " onnx.inliner.inline_local_functions(model, convert_version=True).",
                  file,
                  function.getName(),
                  set.getVersion(),
                  set.getDomain().isEmpty() ? "ai.onnx" : set.getDomain(),
                  version));
        }
      }
    }
  }

  private void inline(GraphProto.Builder graph) throws IOException {
    List<NodeProto> inlined = new ArrayList<>();
    for (NodeProto node : graph.getNodeList()) {
      inline(node, inlined);
    }
    graph.clearNode().addAllNode(inlined);
  }

  private void inline(NodeProto node, List<NodeProto> inlined) throws IOException {
    FunctionProto function =
        functions.get(key(node.getDomain(), node.getOpType(), node.getOverload()));
    if (++nodes > MOST_NODES) {
      throw new IOException(file + ": its functions come to more than " + MOST_NODES + " nodes");
    }
    if (function == null) {
      inlined.add(withInlinedSubgraphs(node));
      return;
    }
    String key = key(function);
    if (open.contains(key)) {
      throw new IOException(file + ": function '" + function.getName() + "' calls itself");
    }
    if (open.size() == MOST_OPEN) {
      throw new IOException(
          file
              + ": function '"
              + function.getName()
              + "' is called within "
              + MOST_OPEN
              + " others; so many are not inlined");
    }
    if (node.getInputCount() > function.getInputCount()
        || node.getOutputCount() > function.getOutputCount()) {
      throw new IOException(
          String.format(
              "%s: node '%s' has %d inputs and %d outputs, its function '%s' %d and %d",
              file,
              node.getName(),
              node.getInputCount(),
              node.getOutputCount(),
              function.getName(),
              function.getInputCount(),
              function.getOutputCount()));
    }
    requireOutputs(function);
    open.push(key);
    for (NodeProto inner : new FunctionCall(function, node, prefix(function)).nodes()) {
      inline(inner, inlined);
    }
    open.pop();
  }

  /** Requires that a function gives what it says that it gives. */
  private void requireOutputs(FunctionProto function) throws IOException {
    Set<String> given = new HashSet<>(function.getInputList());
    function.getNodeList().forEach(node -> given.addAll(node.getOutputList()));
    for (String output : function.getOutputList()) {
      if (!given.contains(output)) {
        throw new IOException(
            String.format(
                "%s: function '%s' has the output '%s', which none of its nodes gives",
                file, function.getName(), output));
      }
    }
  }

  private NodeProto withInlinedSubgraphs(NodeProto node) throws IOException {
    boolean nested =
        node.getAttributeList().stream()
            .anyMatch(attribute -> attribute.hasG() || attribute.getGraphsCount() > 0);
    if (!nested) {
      return node;
    }
    NodeProto.Builder builder = node.toBuilder();
    for (AttributeProto.Builder attribute : builder.getAttributeBuilderList()) {
      if (attribute.hasG()) {
        inline(attribute.getGBuilder());
      }
      for (GraphProto.Builder graph : attribute.getGraphsBuilderList()) {
        inline(graph);
      }
    }
    return builder.build();
  }

  /** What all names of one call begin with; no name of the model begins so. */
  private String prefix(FunctionProto function) {
    String prefix;
    do {
      calls++;
      prefix = function.getName() + "_" + calls + "/";
    } while (prefixes.contains(prefix));
    return prefix;
  }
}

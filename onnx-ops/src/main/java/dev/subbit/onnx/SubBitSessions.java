package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.onnx.graph.ModelTensors;
import java.util.List;
import java.util.Optional;

/**
 * Opens sessions on models from untrusted sources.
 *
 * <p>ONNX Runtime 1.28 checks most of what a model file can hold, but not the functions in it: a
 * function that lacks the output its callers ask for ends the whole process (a segmentation fault,
 * seen in about one of 20,000 models with flipped bits), and a few functions that call each other
 * can keep it busy for hours. The functions of the sub-bit operators, today's and those of earlier
 * versions, are known beforehand, and that of an integer network is made anew of the attributes of
 * its node; a model is loaded only if it has no others.
 *
 * <p>Data in other files is refused: ONNX Runtime would look for them in the folder that the
 * process happens to run in. {@link dev.subbit.onnx.graph.OnnxFile} reads a model with its data.
 *
 * <p>The attributes of a layer of an integer network are checked here as well, since not every back
 * end has a kernel that would, and the function bodies compute something with any of them.
 */
public final class SubBitSessions {

  private SubBitSessions() {}

  /**
   * Opens a session on a model from an untrusted source.
   *
   * @param model the bytes of an ONNX file, self-contained.
   * @param options the options, with a back end configured; may be closed afterwards.
   * @return the session; the caller closes it.
   * @throws OrtException if the model is not valid, or if ONNX Runtime or a kernel rejects it; the
   *     message says what is wrong and, for a sub-bit operator, names the node and the input.
   */
  public static OrtSession create(byte[] model, OrtSession.SessionOptions options)
      throws OrtException {
    requireValid(model);
    return OrtEnvironment.getEnvironment().createSession(model, options);
  }

  private static void requireValid(byte[] bytes) throws OrtException {
    ModelProto model;
    try {
      model = ModelProto.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new OrtException(
          OrtException.OrtErrorCode.ORT_INVALID_PROTOBUF,
          "This is not an ONNX model, or it is damaged: " + e.getMessage());
    }
    Optional<String> outside = ModelTensors.firstOutside(model);
    if (outside.isPresent()) {
      throw new OrtException(
          OrtException.OrtErrorCode.ORT_INVALID_GRAPH,
          outside.get()
              + "; a model in memory has no folder to look for it. Read the model with"
              + " dev.subbit.onnx.graph.OnnxFile, which brings the data in.");
    }
    List<IntegerNetworkFunction> networks;
    try {
      networks = IntegerNetworkFunction.ofGraph(model.getGraph());
      SubBitModels.nodes(model.getGraph()).forEach(SubBitSessions::requireValidIfLayer);
    } catch (IllegalArgumentException e) {
      throw new OrtException(OrtException.OrtErrorCode.ORT_INVALID_GRAPH, e.getMessage());
    }
    for (FunctionProto function : model.getFunctionsList()) {
      if (!isKnown(function, networks)) {
        throw new OrtException(
            OrtException.OrtErrorCode.ORT_INVALID_GRAPH,
            "The model's function '"
                + function.getDomain()
                + "."
                + function.getName()
                + "' is not one of Subbit's own. Only models whose functions are the unchanged"
                + " specifications of the sub-bit operators are loaded; export the model again.");
      }
    }
  }

  /** Requires of a layer of an integer network that it has its attributes, inputs and outputs. */
  private static void requireValidIfLayer(NodeProto node) {
    SubBitOperator.ofType(node.getOpType())
        .filter(IntegerNetworkFunction::mayContain)
        .ifPresent(operator -> IntegerSettings.requireValid(operator, node));
  }

  /**
   * Whether a function is the specification of an operator or of the model's integer network, for
   * any operator set that it imports.
   */
  private static boolean isKnown(FunctionProto function, List<IntegerNetworkFunction> networks) {
    if (!function.getName().equals(IntegerNetworkFunction.OP_TYPE)) {
      return SubBitOperator.isSpecification(function);
    }
    if (function.getOpsetImportCount() == 0) {
      return false;
    }
    long opset = function.getOpsetImport(0).getVersion();
    return opset >= SubBitOperator.OLDEST_STANDARD_OPSET
        && networks.stream().anyMatch(network -> network.function(opset).equals(function));
  }
}

package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The sub-bit operators, each with its specification: an ONNX function whose body uses standard
 * operators and, for packed signs and integers, other sub-bit operators.
 *
 * <p>Names, inputs and attributes are those of the table {@code src/main/tables/operators.txt}. The
 * body is what the operator means. It travels inside every exported model, so that the model runs
 * in any ONNX Runtime, and every kernel and device is tested against it. docs/OPERATORS.md is the
 * same in words.
 */
public enum SubBitOperator {
  /** Float activations: {@code Conv(X, scale * codebook[index]) + bias}. */
  SUB_BIT_CONV(OperatorTable.SUB_BIT_CONV, ConvBodies::writeReal),

  /** Float activations, and weights that are a sum of several sub-bit ones. */
  STAGED_SUB_BIT_CONV(OperatorTable.STAGED_SUB_BIT_CONV, ConvBodies::writeStaged),

  /** Float activations, binarised inside the operator. */
  BINARY_SUB_BIT_CONV(OperatorTable.BINARY_SUB_BIT_CONV, ConvBodies::writeBinary),

  /** 8-bit activations; inputs and output are named as in ONNX's QLinearConv. */
  Q_LINEAR_SUB_BIT_CONV(OperatorTable.Q_LINEAR_SUB_BIT_CONV, ConvBodies::writeQLinear),

  /** {@code QLinearSubBitConv} with an 8-bit residual added before the result is rounded. */
  Q_LINEAR_SUB_BIT_BLOCK(OperatorTable.Q_LINEAR_SUB_BIT_BLOCK, ConvBodies::writeQLinearBlock),

  /** From float activations to signs as bits, eight channels a byte. */
  PACK_SIGNS(OperatorTable.PACK_SIGNS, PackedBodies::writePackSigns),

  /** {@code BinarySubBitConv} of packed signs; outputs floats, their signs, or both. */
  PACKED_BINARY_SUB_BIT_CONV(
      OperatorTable.PACKED_BINARY_SUB_BIT_CONV, PackedBodies::writePackedBinary),

  /** The block of ReActNet around one binary convolution, on packed signs. */
  BINARY_SUB_BIT_BLOCK(OperatorTable.BINARY_SUB_BIT_BLOCK, PackedBodies::writeBlock),

  /** The first layer of an integer network: 8-bit pixels and weights, and a max pool. */
  INTEGER_STEM(OperatorTable.INTEGER_STEM, IntegerBodies::writeStem),

  /** A binary convolution of an integer network, and a max pool. */
  INTEGER_SUB_BIT_CONV(OperatorTable.INTEGER_SUB_BIT_CONV, IntegerBodies::writeConv),

  /** The block of ReActNet around one binary convolution of an integer network. */
  INTEGER_SUB_BIT_BLOCK(OperatorTable.INTEGER_SUB_BIT_BLOCK, IntegerBodies::writeBlock),

  /** A 1x1 convolution with 8-bit weights beside two blocks of an integer network. */
  INTEGER_SHORTCUT(OperatorTable.INTEGER_SHORTCUT, IntegerBodies::writeShortcut),

  /** The last layer of an integer network, from whole numbers to float logits. */
  INTEGER_CLASSIFIER(OperatorTable.INTEGER_CLASSIFIER, IntegerBodies::writeClassifier);

  /** Domain of the operators. */
  public static final String DOMAIN = OperatorTable.DOMAIN;

  /** Version of the operator set. */
  public static final int VERSION = OperatorTable.VERSION;

  /** The version of the standard operator set that exported models import. */
  public static final int STANDARD_OPSET = 18;

  /**
   * The oldest standard operator set in which the bodies have the same meaning. ONNX Runtime puts a
   * body into a model as it is, so the nodes of the body belong to the model's operator set.
   */
  public static final int OLDEST_STANDARD_OPSET = 12;

  /**
   * The version of the ONNX file format that models are written in, the first one with functions.
   */
  public static final int IR_VERSION = 8;

  private final OperatorTable row;
  private final FunctionProto function;

  SubBitOperator(OperatorTable row, Consumer<FunctionBuilder> writeBody) {
    this.row = row;
    FunctionBuilder body = new FunctionBuilder(row);
    writeBody.accept(body);
    function = body.build();
  }

  /**
   * Finds an operator by its ONNX type.
   *
   * @param opType the type, such as {@code SubBitConv}.
   * @return the operator, or empty if the domain has none of that type.
   */
  public static Optional<SubBitOperator> ofType(String opType) {
    return Arrays.stream(values()).filter(operator -> operator.opType().equals(opType)).findAny();
  }

  /**
   * Returns the ONNX type of the operator's nodes.
   *
   * @return the ONNX op type.
   */
  public String opType() {
    return row.opType;
  }

  /**
   * Lists the names of the inputs in order. In the operators without packed signs or residual, the
   * last input, the bias, is optional.
   *
   * @return the names.
   */
  public List<String> inputs() {
    return function.getInputList();
  }

  /**
   * Where an input stands.
   *
   * @param input name of the input, such as {@code residual}.
   * @return its position in a node's list of inputs.
   * @throws IllegalArgumentException if the operator has no such input.
   */
  public int position(String input) {
    int position = inputs().indexOf(input);
    if (position < 0) {
      throw new IllegalArgumentException(
          opType() + " has no input '" + input + "'; it has " + String.join(", ", inputs()));
    }
    return position;
  }

  /**
   * The names of the outputs in their order. Where there are two, one may be left out: it then has
   * the empty name, so that a node always has both.
   *
   * @return the names.
   */
  public List<String> outputs() {
    return function.getOutputList();
  }

  List<OperatorTable.Attribute> attributes() {
    return row.attributes();
  }

  /**
   * Puts the inputs of a node where the operator has them.
   *
   * @param byName names of tensors, each by the name of the input that it is; an optional input may
   *     be absent.
   * @return the names of the tensors, as a node lists them.
   * @throws IllegalArgumentException if an input is missing or the operator has none of that name.
   */
  public List<String> inOrder(Map<String, String> byName) {
    List<String> ordered = new ArrayList<>();
    for (OperatorTable.Input input : row.inputs) {
      String tensor = byName.get(input.name());
      if (tensor != null) {
        ordered.add(tensor);
      } else if (!input.optional()) {
        throw new IllegalArgumentException(opType() + " needs input '" + input.name() + "'");
      }
    }
    byName.keySet().forEach(this::position);
    return ordered;
  }

  /**
   * Lists the operators that the body of this one calls, directly or indirectly.
   *
   * @return the operators, without this one.
   */
  public Set<SubBitOperator> called() {
    Set<SubBitOperator> called = EnumSet.noneOf(SubBitOperator.class);
    for (NodeProto node : function.getNodeList()) {
      if (node.getDomain().equals(DOMAIN) && !WeightsFunction.isCall(node)) {
        SubBitOperator operator = ofType(node.getOpType()).orElseThrow();
        called.add(operator);
        called.addAll(operator.called());
      }
    }
    return called;
  }

  /** Whether the body of this operator calls {@link WeightsFunction}. */
  boolean callsWeights() {
    return function.getNodeList().stream().anyMatch(WeightsFunction::isCall);
  }

  /**
   * Returns the ONNX function that specifies this operator.
   *
   * @return the ONNX function of this operator's domain and type, for operator set {@value
   *     #STANDARD_OPSET}.
   */
  public FunctionProto function() {
    return function;
  }

  /**
   * Returns the specification in the form that a model of the given operator set holds: the nodes
   * are the same, but the import is the model's.
   *
   * @param opset the model's version of the standard operator set.
   * @return the ONNX function.
   * @throws IllegalArgumentException if the operator set is older than {@value
   *     #OLDEST_STANDARD_OPSET}.
   */
  public FunctionProto function(long opset) {
    requireOpset(opset);
    return withOpset(function, opset);
  }

  static void requireOpset(long opset) {
    if (opset < OLDEST_STANDARD_OPSET) {
      throw new IllegalArgumentException(
          "The sub-bit operators need operator set "
              + OLDEST_STANDARD_OPSET
              + " or newer; the model imports "
              + opset);
    }
  }

  /**
   * Whether a function in a model specifies one of the operators: it is as this version of Subbit
   * writes it, or as an earlier one did, for any operator set.
   *
   * @param candidate the function.
   */
  static boolean isSpecification(FunctionProto candidate) {
    if (candidate.getOpsetImportCount() == 0
        || candidate.getOpsetImport(0).getVersion() < OLDEST_STANDARD_OPSET) {
      return false;
    }
    FunctionProto standard = withOpset(candidate, STANDARD_OPSET);
    return standard.equals(WeightsFunction.function())
        || Stream.concat(
                Arrays.stream(values()).map(SubBitOperator::function),
                EarlierFunctions.all().stream())
            .anyMatch(standard::equals);
  }

  private static FunctionProto withOpset(FunctionProto function, long opset) {
    FunctionProto.Builder copy = function.toBuilder();
    copy.getOpsetImportBuilder(0).setVersion(opset);
    return copy.build();
  }
}

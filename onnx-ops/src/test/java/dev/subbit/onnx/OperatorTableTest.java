package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Operators, function bodies and test vectors hold what the table of operators says. The function
 * of an integer network depends on the model; {@link IntegerNetworkFunctionTest} checks it.
 */
class OperatorTableTest {

  @Test
  void everyRowHasAnOperator() {
    assertEquals(
        Arrays.stream(OperatorTable.values())
            .filter(row -> row != OperatorTable.INTEGER_NETWORK)
            .map(row -> row.opType)
            .toList(),
        Arrays.stream(SubBitOperator.values()).map(SubBitOperator::opType).toList());
  }

  @ParameterizedTest
  @EnumSource(names = "INTEGER_NETWORK", mode = EnumSource.Mode.EXCLUDE)
  void theFunctionHasTheRowsNames(OperatorTable row) {
    FunctionProto function = operator(row).function();
    assertEquals(row.opType, function.getName());
    assertEquals(
        row.inputs.stream().map(OperatorTable.Input::name).toList(), function.getInputList());
    assertEquals(
        row.outputs.stream().map(OperatorTable.Output::name).toList(), function.getOutputList());
    assertEquals(
        row.attributes().stream().map(OperatorTable.Attribute::name).toList(),
        function.getAttributeList());
  }

  /** A name in a body that nobody gives would be found only when a model is loaded. */
  @ParameterizedTest
  @EnumSource(names = "INTEGER_NETWORK", mode = EnumSource.Mode.EXCLUDE)
  void theBodyReadsAllInputsAndAttributesAndNothingElse(OperatorTable row) {
    FunctionProto function = operator(row).function();
    Set<String> given = new HashSet<>(function.getInputList());
    Set<String> read = new HashSet<>();
    Map<String, Boolean> attributes = new TreeMap<>();
    for (NodeProto node : function.getNodeList()) {
      assertTrue(given.containsAll(node.getInputList()), node::toString);
      read.addAll(node.getInputList());
      given.addAll(node.getOutputList());
      for (AttributeProto attribute : node.getAttributeList()) {
        if (!attribute.getRefAttrName().isEmpty()) {
          boolean list = attribute.getType() == AttributeProto.AttributeType.INTS;
          attributes.put(attribute.getRefAttrName(), list);
        }
      }
    }
    assertTrue(read.containsAll(function.getInputList()));
    assertTrue(given.containsAll(function.getOutputList()));
    assertEquals(
        row.attributes().stream()
            .collect(
                Collectors.toMap(
                    OperatorTable.Attribute::name,
                    OperatorTable.Attribute::list,
                    (first, second) -> first,
                    TreeMap::new)),
        attributes);
  }

  @ParameterizedTest
  @EnumSource
  void theVectorsHaveTheInputsAndOutputsOfTheRow(OperatorTable row) throws Exception {
    for (TestVector vector : TestVector.read(TestVectors.file(row))) {
      Map<String, TestTensor> found = new LinkedHashMap<>();
      vector.inputs().forEach(input -> found.put(input.name(), input));
      assertEquals(
          inputs(row, vector).stream()
              .filter(input -> !input.optional() || found.containsKey(input.name()))
              .map(input -> input.name() + " " + type(input.type(), vector))
              .toList(),
          found.values().stream().map(input -> input.name() + " " + input.type()).toList(),
          vector.name());
      assertEquals(
          row.outputs.stream()
              .map(output -> output.name() + " " + type(output.type(), vector))
              .toList(),
          vector.outputs().stream().map(output -> output.name() + " " + output.type()).toList(),
          vector.name());
    }
  }

  /** The inputs that a row has, with variadic ones written out: those of the layers' rows. */
  private static List<OperatorTable.Input> inputs(OperatorTable row, TestVector vector) {
    if (row != OperatorTable.INTEGER_NETWORK) {
      return row.inputs;
    }
    List<OperatorTable.Input> inputs = new ArrayList<>(row.inputs.subList(0, 1));
    for (int kind : vector.attributes().get("kinds")) {
      for (OperatorTable.Input input : NaiveIntegerLayers.KINDS.get(kind).inputs) {
        if (input.use() == OperatorTable.Use.PARAMETER) {
          String name = row.inputs.get(1).name() + (inputs.size() - 1);
          inputs.add(new OperatorTable.Input(name, input.type(), input.use()));
        }
      }
    }
    return inputs;
  }

  /** The type of a tensor in a vector, in which the first input says what 8-bit values are. */
  private static TestTensor.Type type(OperatorTable.Element element, TestVector vector) {
    return switch (element) {
      case FLOAT -> TestTensor.Type.F32;
      case UINT8 -> TestTensor.Type.U8;
      case INT8 -> TestTensor.Type.I8;
      case INT32 -> TestTensor.Type.I32;
      case INT16 -> TestTensor.Type.I16;
      case EIGHT_BITS, PIXELS -> vector.inputs().get(0).type();
      case ANY -> throw new IllegalArgumentException("its place says of what type a parameter is");
    };
  }

  @Test
  void inputsAreFoundByTheirNames() {
    assertEquals(9, SubBitOperator.Q_LINEAR_SUB_BIT_BLOCK.position("residual"));
    assertEquals(5, SubBitOperator.BINARY_SUB_BIT_BLOCK.position("residual"));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> SubBitOperator.PACK_SIGNS.position("residual"));
    assertEquals("PackSigns has no input 'residual'; it has X, shift", e.getMessage());
  }

  @Test
  void onlyAnOptionalInputMayBeLeftOut() {
    Map<String, String> inputs =
        Stream.of("scale", "X", "codebook", "index")
            .collect(Collectors.toMap(name -> name, name -> "my " + name));
    assertEquals(
        List.of("my X", "my index", "my codebook", "my scale"),
        SubBitOperator.SUB_BIT_CONV.inOrder(inputs));
    inputs.remove("scale");
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> SubBitOperator.SUB_BIT_CONV.inOrder(inputs));
    assertEquals("SubBitConv needs input 'scale'", e.getMessage());
  }

  private static SubBitOperator operator(OperatorTable row) {
    return SubBitOperator.ofType(row.opType).orElseThrow();
  }
}

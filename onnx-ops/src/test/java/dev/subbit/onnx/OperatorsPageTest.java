package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks that docs/OPERATORS.md lists the function bodies as they are. */
class OperatorsPageTest {

  @ParameterizedTest
  @EnumSource
  void listsEveryNodeOfTheBody(SubBitOperator operator) throws Exception {
    assertListed(operator.function());
  }

  @Test
  void listsEveryNodeOfTheWeights() throws Exception {
    assertListed(WeightsFunction.function());
  }

  private static void assertListed(FunctionProto function) throws Exception {
    List<String> lines = Files.readAllLines(Path.of("..", "docs", "OPERATORS.md"));
    for (NodeProto node : function.getNodeList()) {
      String domain = node.getDomain().isEmpty() ? "" : node.getDomain() + ".";
      String start = node.getOutput(0) + " = " + domain + node.getOpType() + " ";
      String end = "(" + String.join(", ", node.getInputList()) + ")";
      assertTrue(
          lines.stream().anyMatch(line -> line.startsWith(start) && line.endsWith(end)),
          "Not on the page: " + start + "... " + end);
    }
  }
}

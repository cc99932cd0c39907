package dev.subbit.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTextTest {

  private static final String EXAMPLE =
      "  ./subbit quantize resnet.onnx resnet-subbit.onnx --pictures photos --stages 2 --mean"
          + " 0.485,0.456,0.406 --std 0.229,0.224,0.225";

  @ParameterizedTest
  @ValueSource(ints = {55, 80, 100, 160})
  void theShellReadsAWrappedExampleAsOneLine(int width) {
    String wrapped = HelpText.wrapped(EXAMPLE, width);
    assertEquals(EXAMPLE.strip(), wrapped.strip().replaceAll("\\\\\\R +", ""));
    wrapped.lines().forEach(line -> assertTrue(line.length() < width, line));
  }
}

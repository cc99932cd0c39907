package dev.subbit.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One case of an operator: attributes, inputs and the expected outputs. The files in {@code
 * src/test/vectors} hold them for Java, C++ and hardware alike:
 *
 * <pre>
 * case NAME
 * op OPTYPE
 * attr NAME INT...
 * in NAME TYPE DIMS : VALUES
 * out NAME TYPE DIMS : VALUES
 * end
 * </pre>
 *
 * TYPE is f32, u8, i8, i16 or i32; DIMS is like {@code 1x4x5x5}, or {@code -} for a scalar; floats
 * are the 8 hexadecimal digits of their bits, integers are decimal; a line that starts with # is a
 * comment. Inputs come in the operator's order; an absent optional input has no line.
 */
record TestVector(
    String name,
    OperatorTable operator,
    Map<String, int[]> attributes,
    List<TestTensor> inputs,
    List<TestTensor> outputs) {

  int attribute(String attribute) {
    return attributes.get(attribute)[0];
  }

  Optional<TestTensor> input(String input) {
    return inputs.stream().filter(tensor -> tensor.name().equals(input)).findAny();
  }

  ConvAttributes geometry() {
    int[] s = attributes.get("strides");
    int[] p = attributes.get("pads");
    int[] d = attributes.get("dilations");
    return new ConvAttributes(s[0], s[1], p[0], p[1], p[2], p[3], d[0], d[1], attribute("group"));
  }

  static List<TestVector> read(Path file) throws IOException {
    List<TestVector> vectors = new ArrayList<>();
    String name = null;
    OperatorTable operator = null;
    Map<String, int[]> attributes = new LinkedHashMap<>();
    List<TestTensor> inputs = new ArrayList<>();
    List<TestTensor> outputs = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "case" -> name = words[1];
        case "op" -> operator = operator(words[1]);
        case "attr" ->
            attributes.put(
                words[1], Arrays.stream(words).skip(2).mapToInt(Integer::parseInt).toArray());
        case "in" -> inputs.add(tensor(words));
        case "out" -> outputs.add(tensor(words));
        case "end" -> {
          vectors.add(
              new TestVector(
                  name,
                  operator,
                  new LinkedHashMap<>(attributes),
                  List.copyOf(inputs),
                  List.copyOf(outputs)));
          attributes.clear();
          inputs.clear();
          outputs.clear();
        }
        default -> {
          if (!line.startsWith("#")) {
            throw new IOException(file + ": not a line of a vector file: " + line);
          }
        }
      }
    }
    return vectors;
  }

  private static OperatorTable operator(String opType) {
    return Arrays.stream(OperatorTable.values())
        .filter(row -> row.opType.equals(opType))
        .findAny()
        .orElseThrow();
  }

  private static TestTensor tensor(String[] words) {
    TestTensor.Type type = TestTensor.Type.valueOf(words[2].toUpperCase(java.util.Locale.ROOT));
    int[] shape =
        words[3].equals("-")
            ? new int[0]
            : Arrays.stream(words[3].split("x")).mapToInt(Integer::parseInt).toArray();
    int[] values =
        Arrays.stream(words)
            .skip(5)
            .mapToInt(
                word ->
                    type == TestTensor.Type.F32
                        ? Integer.parseUnsignedInt(word, 16)
                        : Integer.parseInt(word))
            .toArray();
    return new TestTensor(words[1], type, shape, values);
  }

  String toText() {
    StringBuilder text = new StringBuilder();
    text.append("case ").append(name).append('\n');
    text.append("op ").append(operator.opType).append('\n');
    attributes.forEach(
        (attribute, values) -> {
          text.append("attr ").append(attribute);
          for (int value : values) {
            text.append(' ').append(value);
          }
          text.append('\n');
        });
    inputs.forEach(tensor -> append(text, "in", tensor));
    outputs.forEach(tensor -> append(text, "out", tensor));
    return text.append("end\n").toString();
  }

  private static void append(StringBuilder text, String kind, TestTensor tensor) {
    String shape =
        tensor.shape().length == 0
            ? "-"
            : Arrays.stream(tensor.shape())
                .mapToObj(Integer::toString)
                .collect(Collectors.joining("x"));
    text.append(kind).append(' ').append(tensor.name()).append(' ');
    text.append(tensor.type().text()).append(' ').append(shape).append(" :");
    for (int value : tensor.values()) {
      text.append(' ');
      text.append(
          tensor.type() == TestTensor.Type.F32
              ? String.format("%08x", value)
              : Integer.toString(value));
    }
    text.append('\n');
  }

  @Override
  public String toString() {
    return operator.opType + "/" + name;
  }
}

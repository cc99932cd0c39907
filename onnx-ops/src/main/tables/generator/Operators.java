package generator;

import static generator.Code.camel;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The table of operators. */
record Operators(
    Path root, String domain, long version, List<Attribute> attributes, List<Operator> operators)
    implements Table {

  /** An attribute that holds {@code count} numbers, or a list of any length if that is 0. */
  record Attribute(Row row, String name, int count, long least, String most) {

    static final int ANY_LENGTH = 0;

    boolean list() {
      return count != 1;
    }

    String meaning() {
      return row.text(4);
    }
  }

  record Input(String name, String type, String use, String values, String shape) {}

  record Output(String name, String type, boolean optional, String values, String shape) {}

  record Operator(
      Row row,
      String name,
      boolean convolves,
      List<String> says,
      Map<String, Long> most,
      List<Attribute> own,
      List<Input> inputs,
      List<Output> outputs) {

    String activations() {
      return row.text(2);
    }

    String result() {
      return row.text(3);
    }
  }

  private static final String SOURCE = "onnx-ops/src/main/tables/operators.txt";

  private static final Map<String, List<String>> COLUMNS =
      Map.of(
          "domain", Row.columns("name"),
          "version", Row.columns("number"),
          "attribute", Row.columns("name", "type", "least", "most", "meaning", "more"),
          "operator", Row.columns("name", "conv or plain", "activations", "result"),
          "says", Row.columns("text"),
          "most", Row.columns("attribute", "number"),
          "own", Row.columns("name", "type", "least", "most", "meaning", "more"),
          "input", Row.columns("name", "type", "use", "values", "shape"),
          "output", Row.columns("name", "type", "required or optional", "values", "shape"));

  static final Map<String, String> ELEMENTS = new LinkedHashMap<>();

  static {
    ELEMENTS.put("float", "FLOAT");
    ELEMENTS.put("uint8", "UINT8");
    ELEMENTS.put("int8", "INT8");
    ELEMENTS.put("int32", "INT32");
    ELEMENTS.put("int16", "INT16");
    ELEMENTS.put("uint8 or int8", "EIGHT_BITS");
    ELEMENTS.put("float or uint8", "PIXELS");
    ELEMENTS.put("any", "ANY");
  }

  static final Map<String, String> USES =
      Map.of(
          "data", "DATA",
          "parameter", "PARAMETER",
          "optional", "OPTIONAL_PARAMETER",
          "variadic", "VARIADIC_PARAMETERS");

  static Operators read(Path root) throws IOException {
    String domain = "";
    long version = 0;
    List<Attribute> attributes = new ArrayList<>();
    List<Operator> operators = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (Row row : Row.read(root.resolve(SOURCE), COLUMNS)) {
      switch (row.kind()) {
        case "domain" -> domain = row.word(0);
        case "version" -> version = row.number(0);
        case "attribute" -> {
          attributes.add(attribute(row));
          row.claim(taken, "attribute " + row.name(0));
        }
        case "operator" -> {
          row.claim(taken, "operator " + row.name(0));
          boolean convolves = row.oneOf(Map.of("conv", true, "plain", false), 1);
          operators.add(
              new Operator(
                  row,
                  row.name(0),
                  convolves,
                  new ArrayList<>(),
                  new LinkedHashMap<>(),
                  new ArrayList<>(),
                  new ArrayList<>(),
                  new ArrayList<>()));
        }
        default -> addTo(row.owner(operators, "an operator"), row, attributes, taken);
      }
    }
    for (Operator operator : operators) {
      if (operator.inputs().isEmpty()
          || operator.outputs().isEmpty()
          || operator.says().size() != 1) {
        throw operator
            .row()
            .mistake("an operator has inputs, outputs and one row 'says', this one has not");
      }
    }
    return new Operators(root, domain, version, attributes, operators);
  }

  private static Attribute attribute(Row row) {
    Matcher list = Pattern.compile("(\\d+) ints").matcher(row.text(1));
    int count;
    if (row.text(1).equals("int")) {
      count = 1;
    } else if (row.text(1).equals("ints")) {
      count = Attribute.ANY_LENGTH;
    } else if (list.matches()) {
      count = Integer.parseInt(list.group(1));
    } else {
      throw row.mistake("'" + row.text(1) + "' is none of 'int', 'ints' and a number of 'ints'");
    }
    String most = row.text(3).isEmpty() ? "" : String.valueOf(row.number(3));
    return new Attribute(row, row.name(0), count, row.number(2), most);
  }

  private static void addTo(
      Operator operator, Row row, List<Attribute> attributes, Set<String> taken) {
    switch (row.kind()) {
      case "says" -> operator.says().add(row.word(0));
      case "most" -> {
        if (attributes.stream().noneMatch(attribute -> attribute.name().equals(row.text(0)))) {
          throw row.mistake("there is no attribute '" + row.text(0) + "'");
        }
        operator.most().put(row.text(0), row.number(1));
      }
      case "own" -> {
        row.claim(taken, operator.name() + " attribute " + camel(row.name(0)));
        if (operator.convolves()) {
          throw row.mistake("an operator has the attributes above or its own, not both");
        }
        operator.own().add(attribute(row));
      }
      case "input" -> {
        row.claim(taken, operator.name() + " input " + camel(row.name(0)));
        List<Input> inputs = operator.inputs();
        String before = inputs.isEmpty() ? "" : inputs.get(inputs.size() - 1).use();
        if (before.equals("optional") || before.equals("variadic")) {
          throw row.mistake("an input that is " + before + " must be the last");
        }
        row.oneOf(USES, 2);
        checkType(operator, row);
        inputs.add(new Input(row.name(0), row.text(1), row.text(2), row.text(3), row.word(4)));
      }
      case "output" -> {
        row.claim(taken, operator.name() + " output " + camel(row.name(0)));
        boolean optional = row.oneOf(Map.of("required", false, "optional", true), 2);
        checkType(operator, row);
        operator
            .outputs()
            .add(new Output(row.name(0), row.text(1), optional, row.text(3), row.word(4)));
      }
      default -> throw new IllegalStateException(row.kind());
    }
  }

  private static void checkType(Operator operator, Row row) {
    String type = row.text(1);
    if (!type.startsWith("as ")) {
      row.oneOf(ELEMENTS, 1);
    } else if (operator.inputs().stream()
        .noneMatch(
            input -> type.equals("as " + input.name()) && input.type().equals("uint8 or int8"))) {
      throw row.mistake("'" + type + "' names no input above it that is 'uint8 or int8'");
    }
  }

  static String element(String type) {
    return type.startsWith("as ") ? "EIGHT_BITS" : ELEMENTS.get(type);
  }

  @Override
  public String source() {
    return SOURCE;
  }

  @Override
  public String cpp() {
    return new OperatorsInCpp(this).text();
  }

  @Override
  public String javaFile() {
    return "dev/subbit/onnx/OperatorTable.java";
  }

  @Override
  public String java() {
    return new OperatorsInJava(this).text();
  }

  @Override
  public Map<Path, String> inGit() throws IOException {
    return Map.of(root.resolve("docs/OPERATORS.md"), new OperatorsInDocs(this).text());
  }
}

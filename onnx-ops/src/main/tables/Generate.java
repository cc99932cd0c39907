import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Makes code and documents of the two tables in which Subbit's interfaces are written down once:
 * operators.txt beside this file and fpga-backend/src/main/tables/device.txt.
 *
 * <p>The build runs this file as it is, with the JDK alone. A C++ header and Java constants go into
 * build folders. What people read in the repository (the SystemVerilog package and the tables in
 * docs) is in git; the build checks that it is current, and this brings it up to date, from the
 * root of the repository:
 *
 * <pre>java onnx-ops/src/main/tables/Generate.java update</pre>
 */
public final class Generate {

  private static final String USAGE =
      """
      usage: Generate.java update                        what is in git, of both tables; ROOT is the current folder
             Generate.java check  TABLE ROOT             fails unless what is in git is current
             Generate.java cpp    TABLE ROOT HEADER      writes the C++ header
             Generate.java java   TABLE ROOT FOLDER      writes the Java constants below the source folder
      TABLE is operators or device, ROOT the root of the repository.""";

  private static final String UPDATE = "java onnx-ops/src/main/tables/Generate.java update";

  private Generate() {}

  /**
   * Runs one action; ends with 1 where a table, a page or an argument is wrong.
   *
   * @param arguments the action and what it needs, as the usage says.
   */
  public static void main(String[] arguments) throws IOException {
    System.exit(run(System.err, arguments));
  }

  /**
   * Runs one action.
   *
   * @param messages where mistakes are reported.
   * @param arguments the action and what it needs, as the usage says.
   * @return 0, or 1 where a table, a page or an argument is wrong.
   */
  public static int run(PrintStream messages, String... arguments) throws IOException {
    try {
      String action = arguments.length == 0 ? "" : arguments[0];
      if (action.equals("update") && arguments.length == 1) {
        for (Table table : List.of(table("operators", Path.of("")), table("device", Path.of("")))) {
          for (Map.Entry<Path, String> file : table.inGit().entrySet()) {
            write(file.getKey(), file.getValue());
          }
        }
      } else if (action.equals("check") && arguments.length == 3) {
        check(table(arguments[1], Path.of(arguments[2])));
      } else if (action.equals("cpp") && arguments.length == 4) {
        write(Path.of(arguments[3]), table(arguments[1], Path.of(arguments[2])).cpp());
      } else if (action.equals("java") && arguments.length == 4) {
        Table table = table(arguments[1], Path.of(arguments[2]));
        write(Path.of(arguments[3]).resolve(table.javaFile()), table.java());
      } else {
        throw new Mistake(USAGE);
      }
      return 0;
    } catch (Mistake e) {
      messages.println(e.getMessage());
      return 1;
    }
  }

  private static Table table(String name, Path root) throws IOException {
    return switch (name) {
      case "operators" -> Operators.read(root);
      case "device" -> Device.read(root);
      default -> throw new Mistake("There is no table '%s'.\n%s".formatted(name, USAGE));
    };
  }

  private static void check(Table table) throws IOException {
    for (Map.Entry<Path, String> file : table.inGit().entrySet()) {
      if (!Files.exists(file.getKey())
          || !Files.readString(file.getKey()).equals(file.getValue())) {
        throw new Mistake(
            "%s is not what %s says. Change the table and run, from the root of the repository: %s"
                .formatted(file.getKey().normalize(), table.source(), UPDATE));
      }
    }
  }

  /** Leaves a file that has this text already alone, so that nothing is built anew for it. */
  private static void write(Path file, String text) throws IOException {
    if (!Files.exists(file) || !Files.readString(file).equals(text)) {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, text);
    }
  }

  /** What a person did wrong; the message says where. */
  private static final class Mistake extends RuntimeException {
    private static final long serialVersionUID = 1;

    Mistake(String message) {
      super(message);
    }
  }

  /** A table that was read and checked, and what becomes of it. */
  private interface Table {
    /** Path of the table from the root of the repository. */
    String source();

    String cpp();

    /** Path of the Java class below a source folder. */
    String javaFile();

    String java();

    /** The files in git that hold something of the table, as they ought to be. */
    Map<Path, String> inGit() throws IOException;
  }

  // ---- Reading.

  /** A row of a table: its kind, and its cells. */
  private record Row(Path file, int line, String kind, List<String> cells) {

    String text(int cell) {
      return cells.get(cell);
    }

    /** A cell that is not empty. */
    String word(int cell) {
      if (text(cell).isEmpty()) {
        throw mistake("cell " + (cell + 1) + " is empty");
      }
      return text(cell);
    }

    String name(int cell) {
      if (!text(cell).matches("[A-Za-z][A-Za-z0-9_]*")) {
        throw mistake("'" + text(cell) + "' is not a name");
      }
      return text(cell);
    }

    long number(int cell) {
      try {
        return Long.decode(text(cell));
      } catch (NumberFormatException e) {
        throw mistake("'" + text(cell) + "' is not a number");
      }
    }

    <T> T oneOf(Map<String, T> allowed, int cell) {
      T value = allowed.get(text(cell));
      if (value == null) {
        throw mistake(
            "'%s' is not one of %s".formatted(text(cell), String.join(", ", allowed.keySet())));
      }
      return value;
    }

    /** Adds the row's name to those that are taken. */
    void claim(Set<String> taken, String name) {
      if (!taken.add(name)) {
        throw mistake("there is another '" + name + "'");
      }
    }

    /** The last element of a list, to which this row belongs. */
    <T> T owner(List<T> list, String what) {
      if (list.isEmpty()) {
        throw mistake("a row '%s' belongs to %s, and none stands above it".formatted(kind, what));
      }
      return list.get(list.size() - 1);
    }

    Mistake mistake(String what) {
      return new Mistake("%s:%s: %s".formatted(file.normalize(), line, what));
    }
  }

  /**
   * Reads the rows of a table.
   *
   * @param columns the names of a row's cells, by its kind.
   */
  private static List<Row> read(Path file, Map<String, List<String>> columns) throws IOException {
    List<Row> rows = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isBlank() || lines.get(i).stripLeading().startsWith("#")) {
        continue;
      }
      List<String> cells = Arrays.stream(lines.get(i).split("\\|", -1)).map(String::strip).toList();
      Row row = new Row(file, i + 1, cells.get(0), cells.subList(1, cells.size()));
      List<String> wanted = columns.get(row.kind());
      if (wanted == null) {
        throw row.mistake("there are no rows '" + row.kind() + "'");
      }
      if (wanted.size() != row.cells().size()) {
        throw row.mistake(
            "a row '%s' has %s cells (%s), this one %s"
                .formatted(
                    row.kind(), wanted.size(), String.join(" | ", wanted), row.cells().size()));
      }
      rows.add(row);
    }
    return rows;
  }

  private static List<String> columns(String... names) {
    return List.of(names);
  }

  // ---- Names and text.

  /** x_zero_point and MAX_TAU as ZeroPoint and MaxTau. */
  private static String camel(String name) {
    boolean upper = name.length() > 1 && name.equals(name.toUpperCase(Locale.ROOT));
    return Arrays.stream((upper ? name.toLowerCase(Locale.ROOT) : name).split("_"))
        .map(part -> part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1))
        .collect(Collectors.joining());
  }

  /** QLinearSubBitConv as Q_LINEAR_SUB_BIT_CONV. */
  private static String constant(String name) {
    return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_")
        .toUpperCase(Locale.ROOT);
  }

  private static String hex(long value, int digits) {
    return String.format(Locale.ROOT, "%0" + digits + "X", value);
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private static <T> String joined(List<T> list, String between, Function<T, String> text) {
    return list.stream().map(text).collect(Collectors.joining(between));
  }

  /** A comment of the line before what it explains; nothing where there is nothing to say. */
  private static String comment(String indent, String mark, String text) {
    return text.isEmpty() ? "" : indent + mark + " " + sentence(text) + "\n";
  }

  /** With a capital letter and a full stop, as a comment has them. */
  private static String sentence(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT)
        + text.substring(1)
        + (text.endsWith(".") ? "" : ".");
  }

  private static String madeFrom(String mark, String source) {
    return "%s Made from %s by Generate.java: change the table, not this file.\n"
        .formatted(mark, source);
  }

  private static String grouped(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String docsTable(List<String> head, List<List<String>> rows) {
    StringBuilder text = new StringBuilder();
    text.append("| ").append(String.join(" | ", head)).append(" |\n");
    text.append("|---".repeat(head.size())).append("|\n");
    for (List<String> row : rows) {
      text.append("| ").append(String.join(" | ", row)).append(" |\n");
    }
    return text.toString();
  }

  /**
   * A page with its blocks as they ought to be. A block stands between a line {@code <!-- table:
   * NAME -->} and a line {@code <!-- end of table -->}.
   */
  private static String page(Path file, Map<String, String> blocks) throws IOException {
    String old = Files.readString(file);
    Matcher matcher =
        Pattern.compile("<!-- table: (.*?) -->\n(.*?)<!-- end of table -->\n", Pattern.DOTALL)
            .matcher(old);
    Set<String> found = new HashSet<>();
    StringBuilder page = new StringBuilder();
    while (matcher.find()) {
      String block = blocks.get(matcher.group(1));
      if (block == null) {
        int line = (int) old.substring(0, matcher.start()).lines().count() + 1;
        throw new Mistake(
            "%s:%s: there is no table '%s'".formatted(file.normalize(), line, matcher.group(1)));
      }
      found.add(matcher.group(1));
      matcher.appendReplacement(
          page,
          Matcher.quoteReplacement(
              "<!-- table: " + matcher.group(1) + " -->\n" + block + "<!-- end of table -->\n"));
    }
    matcher.appendTail(page);
    for (String name : blocks.keySet()) {
      if (!found.contains(name)) {
        throw new Mistake(
            "%s has no place for a table: add the lines <!-- table: %s --> and <!-- end of table -->"
                .formatted(file.normalize(), name));
      }
    }
    return page.toString();
  }

  // ---- The operators.

  /** An attribute that holds {@code count} numbers, or a list of any length if that is 0. */
  private record Attribute(Row row, String name, int count, long least, String most) {

    static final int ANY_LENGTH = 0;

    boolean list() {
      return count != 1;
    }

    String meaning() {
      return row.text(4);
    }
  }

  private record Input(String name, String type, String use, String values, String shape) {}

  private record Output(String name, String type, boolean optional, String values, String shape) {}

  private record Operator(
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

  private record Operators(
      Path root, String domain, long version, List<Attribute> attributes, List<Operator> operators)
      implements Table {

    private static final String SOURCE = "onnx-ops/src/main/tables/operators.txt";

    private static final Map<String, List<String>> COLUMNS =
        Map.of(
            "domain", columns("name"),
            "version", columns("number"),
            "attribute", columns("name", "type", "least", "most", "meaning", "more"),
            "operator", columns("name", "conv or plain", "activations", "result"),
            "says", columns("text"),
            "most", columns("attribute", "number"),
            "own", columns("name", "type", "least", "most", "meaning", "more"),
            "input", columns("name", "type", "use", "values", "shape"),
            "output", columns("name", "type", "required or optional", "values", "shape"));

    private static final Map<String, String> ELEMENTS = new LinkedHashMap<>();

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

    private static final Map<String, String> USES =
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
      for (Row row : Generate.read(root.resolve(SOURCE), COLUMNS)) {
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

    private static String element(String type) {
      return type.startsWith("as ") ? "EIGHT_BITS" : ELEMENTS.get(type);
    }

    @Override
    public String source() {
      return SOURCE;
    }

    @Override
    public String cpp() {
      StringBuilder text = new StringBuilder(madeFrom("//", SOURCE));
      text.append("#pragma once\n\n#include <array>\n#include <cstddef>\n#include <cstdint>\n\n");
      text.append("#include \"core/operator/operator_rows.h\"\n\n");
      text.append("namespace subbit::operators {\n\n");
      text.append("inline constexpr char kDomain[] = " + quoted(domain) + ";\n");
      text.append("inline constexpr int kVersion = " + version + ";\n\n");
      text.append(
          "/// The attributes of every operator that convolves.\nnamespace attributes {\n\n");
      for (Attribute a : attributes) {
        text.append(comment("", "///", a.meaning()));
        text.append(
            "inline constexpr %s k%s{%s, %s, %s};\n"
                .formatted(cppType(a), camel(a.name()), quoted(a.name()), a.least(), cppMost(a)));
      }
      text.append("\n}  // namespace attributes\n");
      operators.forEach(operator -> text.append(cpp(operator)));
      text.append("\n/// All of them, in the order of the table.\n");
      text.append("inline constexpr std::array<OperatorRow, " + operators.size() + "> kAll = {{\n");
      for (Operator operator : operators) {
        String type = operator.name();
        text.append(
            "    {%s::kName, %s::kInputs.data(), %s::kInputs.size(), %s::kOutputs.data(), %s::kOutputs.size(), %s::kAttributes.data(), %s::kAttributes.size()},\n"
                .formatted(type, type, type, type, type, type, type));
      }
      text.append("}};\n\n}  // namespace subbit::operators\n");
      return text.toString();
    }

    private static String cppType(Attribute a) {
      return switch (a.count()) {
        case 1 -> "NumberRow";
        case Attribute.ANY_LENGTH -> "AnyListRow";
        default -> "ListRow<" + a.count() + ">";
      };
    }

    private static String cppMost(Attribute a) {
      return a.most().isEmpty() ? "INT64_MAX" : a.most();
    }

    private static String cpp(Operator operator) {
      StringBuilder text = new StringBuilder("\n");
      text.append(comment("", "///", operator.says().get(0)));
      text.append("struct " + operator.name() + " {\n");
      text.append("  static constexpr char kName[] = " + quoted(operator.name()) + ";\n");
      operator
          .most()
          .forEach(
              (attribute, most) ->
                  text.append(
                      "  static constexpr std::int64_t kMost%s = %s;\n"
                          .formatted(camel(attribute), most)));
      for (Attribute a : operator.own()) {
        text.append(comment("  ", "///", a.meaning()));
        text.append(
            "  static constexpr %s kAttribute%s{%s, %s, %s};\n"
                .formatted(cppType(a), camel(a.name()), quoted(a.name()), a.least(), cppMost(a)));
      }
      for (int i = 0; i < operator.inputs().size(); i++) {
        Input input = operator.inputs().get(i);
        text.append(
            "  static constexpr InputRow k%s{%s, %s, Element::k%s, InputUse::k%s};\n"
                .formatted(
                    camel(input.name()),
                    i,
                    quoted(input.name()),
                    camel(element(input.type())),
                    camel(USES.get(input.use()))));
      }
      for (int i = 0; i < operator.outputs().size(); i++) {
        Output output = operator.outputs().get(i);
        text.append(
            "  static constexpr OutputRow kOutput%s{%s, %s, Element::k%s, %s};\n"
                .formatted(
                    camel(output.name()),
                    i,
                    quoted(output.name()),
                    camel(element(output.type())),
                    output.optional()));
      }
      text.append(
          "  static constexpr std::array<InputRow, %s> kInputs = {%s};\n"
              .formatted(
                  operator.inputs().size(),
                  joined(operator.inputs(), ", ", input -> "k" + camel(input.name()))));
      text.append(
          "  static constexpr std::array<OutputRow, %s> kOutputs = {%s};\n"
              .formatted(
                  operator.outputs().size(),
                  joined(operator.outputs(), ", ", output -> "kOutput" + camel(output.name()))));
      text.append(
          "  static constexpr std::array<AttributeRow, %s> kAttributes = {%s};\n"
              .formatted(
                  operator.own().size(),
                  joined(
                      operator.own(),
                      ", ",
                      a ->
                          "AttributeRow{%s, %s, %s, %s}"
                              .formatted(quoted(a.name()), a.count(), a.least(), cppMost(a)))));
      text.append("};\n");
      return text.toString();
    }

    @Override
    public String javaFile() {
      return "dev/subbit/onnx/OperatorTable.java";
    }

    @Override
    public String java() {
      StringBuilder text = new StringBuilder(madeFrom("//", SOURCE));
      text.append("package dev.subbit.onnx;\n\nimport java.util.List;\n\n");
      text.append("/** The rows of the table of operators, as they stand there. */\n");
      text.append("enum OperatorTable {\n");
      for (Operator operator : operators) {
        text.append(
            "  %s(\n      %s,\n      %s,\n      %s,\n      List.of(%s),\n      List.of(\n          %s),\n      List.of(\n          %s)),\n"
                .formatted(
                    constant(operator.name()),
                    quoted(operator.name()),
                    quoted(operator.says().get(0)),
                    operator.convolves(),
                    joined(
                        operator.own(),
                        ",",
                        a -> "\n          " + javaAttribute(quoted(a.name()), a)),
                    joined(
                        operator.inputs(),
                        ",\n          ",
                        input ->
                            "new Input(%s, Element.%s, Use.%s)"
                                .formatted(
                                    quoted(input.name()),
                                    element(input.type()),
                                    USES.get(input.use()))),
                    joined(
                        operator.outputs(),
                        ",\n          ",
                        output ->
                            "new Output(%s, Element.%s, %s)"
                                .formatted(
                                    quoted(output.name()),
                                    element(output.type()),
                                    output.optional()))));
      }
      text.append("  ;\n\n");
      text.append(
          "  /** What a tensor holds. Those of EIGHT_BITS of a node are all of one type. */\n");
      text.append("  enum Element { " + String.join(", ", ELEMENTS.values()) + " }\n\n");
      text.append(
          """
            /** What an input is for. Those that are variadic come last, in any number. */
            enum Use { DATA, PARAMETER, OPTIONAL_PARAMETER, VARIADIC_PARAMETERS }

            /** An input, at the position at which it stands in its list. */
            record Input(String name, Element type, Use use) {

              boolean optional() {
                return use == Use.OPTIONAL_PARAMETER;
              }
            }

          """);
      text.append("  /** An output, at the position at which it stands in its list. */\n");
      text.append("  record Output(String name, Element type, boolean optional) {}\n\n");
      text.append(
          """
            /**
             * An attribute: one number, or a list of {@code count} of them, or of any length if that is
             * {@value #ANY_LENGTH}.
             */
            record Attribute(String name, int count, long least, long most) {

              static final int ANY_LENGTH = 0;

              boolean list() {
                return count != 1;
              }
            }

          """);
      text.append("  static final String DOMAIN = " + quoted(domain) + ";\n");
      text.append("  static final int VERSION = " + version + ";\n");
      Set<String> names = new LinkedHashSet<>();
      attributes.forEach(attribute -> names.add(attribute.name()));
      operators.forEach(
          operator -> operator.own().forEach(attribute -> names.add(attribute.name())));
      for (String name : names) {
        text.append("  static final String %s = %s;\n".formatted(constant(name), quoted(name)));
      }
      for (Operator operator : operators) {
        operator
            .most()
            .forEach(
                (attribute, most) ->
                    text.append(
                        "  static final int %s_MOST_%s = %s;\n"
                            .formatted(constant(operator.name()), constant(attribute), most)));
      }
      text.append("\n  /** The attributes of every operator that convolves. */\n");
      text.append("  static final List<Attribute> CONV_ATTRIBUTES =\n      List.of(\n          ");
      text.append(joined(attributes, ",\n          ", a -> javaAttribute(constant(a.name()), a)));
      text.append(");\n\n");
      text.append(
          """
            final String opType;
            final String says;
            final boolean convolves;
            final List<Input> inputs;
            final List<Output> outputs;

            private final List<Attribute> own;

            OperatorTable(
                String opType,
                String says,
                boolean convolves,
                List<Attribute> own,
                List<Input> inputs,
                List<Output> outputs) {
              this.opType = opType;
              this.says = says;
              this.convolves = convolves;
              this.own = own;
              this.inputs = inputs;
              this.outputs = outputs;
            }

            List<Attribute> attributes() {
              return convolves ? CONV_ATTRIBUTES : own;
            }
          }
          """);
      return text.toString();
    }

    private static String javaAttribute(String name, Attribute a) {
      return "new Attribute(%s, %s, %s, %s)"
          .formatted(
              name, a.count(), a.least(), (a.most().isEmpty() ? "Long.MAX_VALUE" : a.most()));
    }

    @Override
    public Map<Path, String> inGit() throws IOException {
      Map<String, String> blocks = new LinkedHashMap<>();
      blocks.put(
          "operators",
          docsTable(
              List.of("operator", "activations", "result"),
              operators.stream()
                  .map(o -> List.of("`" + o.name() + "`", o.activations(), o.result()))
                  .toList()));
      blocks.put("attributes", docs(attributes));
      for (Operator operator : operators) {
        blocks.put(operator.name(), docs(operator));
        if (!operator.own().isEmpty()) {
          blocks.put(operator.name() + " attributes", docs(operator.own()));
        }
      }
      Path page = root.resolve("docs/OPERATORS.md");
      return Map.of(page, page(page, blocks));
    }

    private String docs(List<Attribute> list) {
      return docsTable(
          List.of("attribute", "type", "meaning", "kernels accept"),
          list.stream()
              .map(a -> List.of("`" + a.name() + "`", a.row().text(1), a.meaning(), accepted(a)))
              .toList());
    }

    private String accepted(Attribute attribute) {
      StringBuilder text = new StringBuilder(grouped(attribute.least()));
      text.append(
          attribute.most().isEmpty()
              ? " and more"
              : " to " + grouped(Long.parseLong(attribute.most())));
      String more = attribute.row().text(5);
      text.append(more.isEmpty() ? "" : ", " + more);
      for (Operator operator : operators) {
        Long most = attributes.contains(attribute) ? operator.most().get(attribute.name()) : null;
        if (most != null) {
          text.append("; `%s`: at most %s".formatted(operator.name(), grouped(most)));
        }
      }
      return text.toString();
    }

    private static String docs(Operator operator) {
      List<List<String>> rows = new ArrayList<>();
      for (int i = 0; i < operator.inputs().size(); i++) {
        Input input = operator.inputs().get(i);
        String number =
            switch (input.use()) {
              case "optional" -> " (optional)";
              case "variadic" -> " (any number)";
              default -> "";
            };
        rows.add(
            List.of(
                "input " + i + (input.use().equals("variadic") ? ", ..." : ""),
                "`" + input.name() + "`" + number,
                docsType(input.type(), input.values()),
                input.shape()));
      }
      for (int i = 0; i < operator.outputs().size(); i++) {
        Output output = operator.outputs().get(i);
        rows.add(
            List.of(
                "output " + i,
                "`" + output.name() + "`" + (output.optional() ? " (optional)" : ""),
                docsType(output.type(), output.values()),
                output.shape()));
      }
      return docsTable(List.of("", "name", "type", "shape"), rows);
    }

    private static String docsType(String type, String values) {
      String text = type.startsWith("as ") ? "type of `" + type.substring(3) + "`" : type;
      return values.isEmpty() ? text : text + ", " + values;
    }
  }

  // ---- The device contract.

  private record Constant(String name, long value, String meaning) {}

  private record Value(String name, long number, String meaning) {}

  private record Bits(String name, int highest, int lowest, String meaning) {
    int width() {
      return highest - lowest + 1;
    }
  }

  private record Register(
      Row row,
      String name,
      long offset,
      int width,
      String access,
      String meaning,
      List<Bits> bits,
      List<Value> values) {}

  /** A field of a descriptor, or bytes in it that are reserved; these have no type. */
  private record Field(
      String name, long offset, String type, int bytes, String meaning, List<Value> values) {
    boolean reserved() {
      return type.isEmpty();
    }
  }

  private record Descriptor(long version, long bytes, List<Field> fields) {}

  private record Version(long major, long minor, String news) {}

  private record Device(
      Path root,
      List<Version> versions,
      List<Constant> constants,
      List<Register> registers,
      List<Value> errors,
      List<Descriptor> descriptors)
      implements Table {

    private static final String SOURCE = "fpga-backend/src/main/tables/device.txt";

    private static final Map<String, List<String>> COLUMNS =
        Map.of(
            "version", columns("major.minor", "what is new"),
            "constant", columns("name", "value", "meaning"),
            "register", columns("offset", "bits", "name", "access", "meaning"),
            "bits", columns("highest:lowest", "name", "meaning"),
            "value", columns("number", "name", "meaning"),
            "error", columns("code", "name", "meaning"),
            "descriptor", columns("version", "bytes"),
            "field", columns("offset", "type", "name", "meaning"),
            "reserved", columns("offset", "bytes"));

    private static final Map<String, String> ACCESS = new LinkedHashMap<>();
    private static final Map<String, Integer> TYPES = new LinkedHashMap<>();

    static {
      ACCESS.put("read", "Read");
      ACCESS.put("write", "Write");
      ACCESS.put("read/write", "ReadWrite");
      ACCESS.put("read/toggle", "ReadToggle");
      TYPES.put("u8", 1);
      TYPES.put("u16", 2);
      TYPES.put("u32", 4);
      TYPES.put("u64", 8);
      TYPES.put("s16", 2);
      TYPES.put("f32", 4);
    }

    static Device read(Path root) throws IOException {
      Device device =
          new Device(
              root,
              new ArrayList<>(),
              new ArrayList<>(),
              new ArrayList<>(),
              new ArrayList<>(),
              new ArrayList<>());
      Set<String> taken = new HashSet<>();
      List<Row> rows = Generate.read(root.resolve(SOURCE), COLUMNS);
      for (Row row : rows) {
        device.add(row, taken);
      }
      if (device.versions.isEmpty() || device.descriptors.isEmpty()) {
        throw new Mistake(SOURCE + ": there must be a version and a descriptor");
      }
      device.checkDescriptorIsFull(rows.get(rows.size() - 1));
      return device;
    }

    private void add(Row row, Set<String> taken) {
      switch (row.kind()) {
        case "version" -> {
          Matcher matcher = Pattern.compile("(\\d+)\\.(\\d+)").matcher(row.text(0));
          if (!matcher.matches()) {
            throw row.mistake("'" + row.text(0) + "' is not a version, such as 1.4");
          }
          versions.add(
              new Version(
                  Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)), row.word(1)));
        }
        case "constant" -> {
          row.claim(taken, "constant " + row.name(0));
          constants.add(new Constant(row.name(0), row.number(1), row.word(2)));
        }
        case "register" -> addRegister(row, taken);
        case "bits" -> addBits(row.owner(registers, "a register"), row);
        case "value" -> addValue(row);
        case "error" -> {
          row.claim(taken, "error " + row.name(1));
          addCounted(errors, row);
        }
        case "descriptor" -> {
          checkDescriptorIsFull(row);
          descriptors.add(new Descriptor(row.number(0), row.number(1), new ArrayList<>()));
        }
        case "field" -> {
          row.claim(taken, "field " + row.name(2));
          int bytes = row.oneOf(TYPES, 1);
          addField(
              row,
              new Field(
                  row.name(2), row.number(0), row.text(1), bytes, row.text(3), new ArrayList<>()));
        }
        case "reserved" -> {
          String name = "reserved_" + hex(row.number(0), 2).toLowerCase(Locale.ROOT);
          addField(row, new Field(name, row.number(0), "", (int) row.number(1), "0", List.of()));
        }
        default -> throw new IllegalStateException(row.kind());
      }
    }

    private void addRegister(Row row, Set<String> taken) {
      long offset = row.number(0);
      long width = row.number(1);
      if (width != 32 && width != 64) {
        throw row.mistake("a register has 32 or 64 bits");
      }
      long expected = 0;
      if (!registers.isEmpty()) {
        Register last = registers.get(registers.size() - 1);
        expected = last.offset() + last.width() / 8;
      }
      if (offset != expected) {
        throw row.mistake("the next register is at 0x" + hex(expected, 2));
      }
      row.claim(taken, "register " + row.name(2));
      row.oneOf(ACCESS, 3);
      registers.add(
          new Register(
              row,
              row.name(2),
              offset,
              (int) width,
              row.text(3),
              row.word(4),
              new ArrayList<>(),
              new ArrayList<>()));
    }

    private static void addBits(Register register, Row row) {
      Matcher matcher = Pattern.compile("(\\d+)(?::(\\d+))?").matcher(row.text(0));
      if (!matcher.matches()) {
        throw row.mistake("'" + row.text(0) + "' is neither a bit nor highest:lowest");
      }
      int highest = Integer.parseInt(matcher.group(1));
      int lowest = matcher.group(2) == null ? highest : Integer.parseInt(matcher.group(2));
      if (lowest > highest || highest >= register.width()) {
        throw row.mistake("there are no bits %s in %s".formatted(row.text(0), register.name()));
      }
      for (Bits other : register.bits()) {
        if (lowest <= other.highest() && other.lowest() <= highest) {
          throw row.mistake("bits %s belong to %s already".formatted(row.text(0), other.name()));
        }
      }
      register.bits().add(new Bits(row.name(1), highest, lowest, row.text(2)));
    }

    /** A value of the register or field that stands above it. */
    private void addValue(Row row) {
      if (descriptors.isEmpty()) {
        addCounted(row.owner(registers, "a register or field").values(), row);
      } else {
        List<Field> fields = row.owner(descriptors, "a register or field").fields();
        Field field = row.owner(fields, "a register or field");
        if (field.reserved()) {
          throw row.mistake("a value belongs to a field");
        }
        addCounted(field.values(), row);
      }
    }

    private static void addCounted(List<Value> values, Row row) {
      if (row.number(0) != values.size()) {
        throw row.mistake("the next number is " + values.size());
      }
      values.add(new Value(row.name(1), row.number(0), row.text(2)));
    }

    private void addField(Row row, Field field) {
      List<Field> fields = row.owner(descriptors, "a descriptor").fields();
      long expected = end();
      if (field.offset() != expected) {
        throw row.mistake("the next field is at 0x" + hex(expected, 2));
      }
      if (!field.reserved() && field.offset() % field.bytes() != 0) {
        throw row.mistake("a field of type " + field.type() + " is aligned to its size");
      }
      fields.add(field);
    }

    /** Where the last field of all descriptors ends. */
    private long end() {
      long end = 0;
      for (Descriptor descriptor : descriptors) {
        for (Field field : descriptor.fields()) {
          end = field.offset() + field.bytes();
        }
      }
      return end;
    }

    private void checkDescriptorIsFull(Row row) {
      if (!descriptors.isEmpty()) {
        Descriptor last = descriptors.get(descriptors.size() - 1);
        if (end() != last.bytes()) {
          throw row.mistake(
              "the fields of descriptor version %s end at %s, not at %s"
                  .formatted(last.version(), end(), last.bytes()));
        }
      }
    }

    private Version current() {
      return versions.get(versions.size() - 1);
    }

    private long versionValue() {
      return current().major() << 16 | current().minor();
    }

    private long registerBytes() {
      Register last = registers.get(registers.size() - 1);
      return last.offset() + last.width() / 8;
    }

    private List<Field> fields() {
      return descriptors.stream().flatMap(d -> d.fields().stream()).toList();
    }

    @Override
    public String source() {
      return SOURCE;
    }

    // ---- C++.

    @Override
    public String cpp() {
      StringBuilder text = new StringBuilder(madeFrom("//", SOURCE));
      text.append("#pragma once\n\n#include <array>\n#include <cstddef>\n#include <cstdint>\n\n");
      text.append("#include \"device/contract_rows.h\"\n\n");
      text.append("namespace subbit::fpga {\n\n");
      text.append("namespace contract {\n\n");
      text.append("/// Major version in the upper half, minor in the lower.\n");
      text.append(cppNumber("kVersionValue", versionValue(), 8));
      for (Constant constant : constants) {
        text.append(comment("", "///", constant.meaning()));
        text.append(cppNumber("k" + camel(constant.name()), constant.value(), 8));
      }
      text.append("\n}  // namespace contract\n\n");
      text.append(
          "/// The register file: byte offsets, and the bits and values of each register.\n");
      text.append("namespace registers {\n\n");
      registers.forEach(register -> text.append(cpp(register)));
      text.append("/// Bytes from the first register to the end of the last.\n");
      text.append(cppNumber("kBytes", registerBytes(), 2));
      text.append("\n/// All of them; one of 64 bits is two.\n");
      List<String> rows = registers.stream().flatMap(r -> cppRows(r).stream()).toList();
      text.append("inline constexpr std::array<RegisterRow, " + rows.size() + "> kAll = {{\n");
      rows.forEach(row -> text.append("    " + row + ",\n"));
      text.append("}};\n\n}  // namespace registers\n\n");
      text.append(
          "/// What the device found wrong: the value of the error register and of a descriptor's status word.\n");
      text.append(cppEnum("ErrorCode", "std::uint32_t", errors));
      text.append("\ninline constexpr std::array<ErrorRow, " + errors.size() + "> kErrors = {{\n");
      for (Value error : errors) {
        text.append(
            "    {ErrorCode::k%s, %s},\n".formatted(camel(error.name()), quoted(error.meaning())));
      }
      text.append("}};\n\n");
      for (Field field : fields()) {
        if (!field.values().isEmpty()) {
          text.append("/// Values of a descriptor's " + field.name() + ".\n");
          text.append(cppEnum(camel(field.name()), cppType(field), field.values()));
          text.append("/// How many there are, counted from 0.\n");
          text.append(
              "inline constexpr %s k%sValues = %s;\n\n"
                  .formatted(cppType(field), camel(field.name()), field.values().size()));
        }
      }
      text.append("/// The fields of a layer descriptor.\nnamespace fields {\n\n");
      for (Descriptor descriptor : descriptors) {
        text.append("/// Bytes of version " + descriptor.version() + ".\n");
        text.append(
            "inline constexpr std::size_t kBytesOfVersion%s = %s;\n"
                .formatted(descriptor.version(), descriptor.bytes()));
      }
      text.append("\n");
      for (Field field : fields()) {
        if (!field.reserved()) {
          text.append(comment("", "///", field.meaning()));
          String type = field.values().isEmpty() ? cppType(field) : camel(field.name());
          text.append(
              "inline constexpr Field<%s> k%s{0x%s};\n"
                  .formatted(type, camel(field.name()), hex(field.offset(), 2)));
        }
      }
      List<Field> reserved = fields().stream().filter(Field::reserved).toList();
      text.append("\n/// Bytes that are 0.\n");
      text.append("inline constexpr std::array<Reserved, " + reserved.size() + "> kReserved = {{");
      text.append(
          joined(reserved, ", ", f -> "{0x%s, %s}".formatted(hex(f.offset(), 2), f.bytes())));
      text.append("}};\n\n}  // namespace fields\n\n}  // namespace subbit::fpga\n");
      return text.toString();
    }

    private static String cppNumber(String name, long value, int digits) {
      String number =
          digits == 8 && value < 1000 ? String.valueOf(value) : "0x" + hex(value, digits);
      return "inline constexpr std::uint32_t %s = %s;\n".formatted(name, number);
    }

    private static String cpp(Register register) {
      StringBuilder text = new StringBuilder();
      String name = "k" + camel(register.name());
      text.append(comment("", "///", register.meaning()));
      if (register.width() == 64) {
        text.append(cppNumber(name + "Low", register.offset(), 2));
        text.append(cppNumber(name + "High", register.offset() + 4, 2));
      } else {
        text.append(cppNumber(name, register.offset(), 2));
      }
      for (Bits bits : register.bits()) {
        text.append(comment("", "///", bits.meaning()));
        text.append(
            bits.width() == 1
                ? "inline constexpr std::uint32_t "
                    + name
                    + camel(bits.name())
                    + " = 1u << "
                    + bits.lowest()
                    + ";\n"
                : "inline constexpr BitField "
                    + name
                    + camel(bits.name())
                    + "{"
                    + bits.lowest()
                    + ", "
                    + bits.width()
                    + "};\n");
      }
      for (Value value : register.values()) {
        text.append(comment("", "///", value.meaning()));
        text.append(
            "inline constexpr std::uint32_t %s%s = %s;\n"
                .formatted(name, camel(value.name()), value.number()));
      }
      return text.append("\n").toString();
    }

    private static List<String> cppRows(Register register) {
      String name = "k" + camel(register.name());
      List<String> suffixes = register.width() == 64 ? List.of("Low", "High") : List.of("");
      return suffixes.stream()
          .map(
              suffix ->
                  "{%s%s, %s, Access::k%s}"
                      .formatted(
                          name, suffix, quoted(register.name()), ACCESS.get(register.access())))
          .toList();
    }

    private static String cppEnum(String name, String type, List<Value> values) {
      StringBuilder text = new StringBuilder("enum class " + name + " : " + type + " {\n");
      for (Value value : values) {
        text.append(comment("  ", "///", value.meaning()));
        text.append("  k%s = %s,\n".formatted(camel(value.name()), value.number()));
      }
      return text.append("};\n").toString();
    }

    private static String cppType(Field field) {
      return switch (field.type().charAt(0)) {
        case 'f' -> "float";
        case 's' -> "std::int" + field.type().substring(1) + "_t";
        default -> "std::uint" + field.type().substring(1) + "_t";
      };
    }

    // ---- SystemVerilog.

    private String systemVerilog() {
      StringBuilder text = new StringBuilder(madeFrom("//", SOURCE));
      text.append(
          "// The contract of docs/DEVICE.md as far as the hardware description needs it.\n");
      text.append("`default_nettype none\n\npackage subbit_contract_pkg;\n");
      text.append("  // Major version in the upper half, minor in the lower.\n");
      text.append(svNumber("VERSION_VALUE", versionValue()));
      for (Constant constant : constants) {
        text.append(comment("  ", "//", constant.meaning()));
        text.append(svNumber(constant.name(), constant.value()));
      }
      text.append("\n  // Registers by their offsets, and their bits by their numbers.\n");
      for (Register register : registers) {
        if (register.width() == 64) {
          text.append(svOffset(register.name() + "_LOW", register.offset()));
          text.append(svOffset(register.name() + "_HIGH", register.offset() + 4));
        } else {
          text.append(svOffset(register.name(), register.offset()));
        }
        for (Bits bits : register.bits()) {
          text.append(
              "  localparam int %s_%s = %s;\n"
                  .formatted(register.name(), bits.name(), bits.lowest()));
        }
        text.append(svValues(register.name(), register.values()));
      }
      text.append("\n  // Error codes.\n").append(svValues("ERROR", errors));
      text.append("\n  // Values of a descriptor's fields.\n");
      for (Field field : fields()) {
        text.append(svValues(constant(field.name()), field.values()));
        if (!field.values().isEmpty()) {
          text.append(
              "  localparam int %s_VALUES = %s;\n"
                  .formatted(constant(field.name()), field.values().size()));
        }
      }
      text.append(
          "\n  // Bytes of a descriptor, by its version, and where each field lies in it.\n");
      for (Descriptor descriptor : descriptors) {
        text.append(
            "  localparam int DESCRIPTOR_BYTES_%s = %s;\n"
                .formatted(descriptor.version(), descriptor.bytes()));
      }
      for (Field field : fields()) {
        text.append(
            "  localparam int %s_AT = 'h%s;\n"
                .formatted(constant(field.name()), hex(field.offset(), 2)));
      }
      text.append("\n  // A descriptor of the last version; the first byte is the lowest.\n");
      text.append("  typedef struct packed {\n");
      List<Field> fields = fields();
      for (int i = fields.size() - 1; i >= 0; i--) {
        Field field = fields.get(i);
        text.append(
            "    logic %s[%s:0] %s;\n"
                .formatted(
                    (field.type().startsWith("s") ? "signed " : ""),
                    (8 * field.bytes() - 1),
                    field.name()));
      }
      text.append("  } descriptor_t;\nendpackage\n\n`default_nettype wire\n");
      return text.toString();
    }

    private static String svNumber(String name, long value) {
      return "  localparam logic [31:0] %s = 32'h%s;\n".formatted(name, hex(value, 8));
    }

    private static String svOffset(String name, long offset) {
      return "  localparam logic [11:0] REGISTER_%s = 12'h%s;\n".formatted(name, hex(offset, 2));
    }

    /** Numbers of as many bits as the largest needs. */
    private static String svValues(String prefix, List<Value> values) {
      int width = Math.max(1, 32 - Integer.numberOfLeadingZeros(values.size() - 1));
      return joined(
          values,
          "",
          value ->
              "  localparam logic [%s:0] %s_%s = %s'd%s;\n"
                  .formatted((width - 1), prefix, value.name(), width, value.number()));
    }

    // ---- Java.

    @Override
    public String javaFile() {
      return "dev/subbit/fpga/DeviceContract.java";
    }

    @Override
    public String java() {
      StringBuilder text = new StringBuilder(madeFrom("//", SOURCE));
      text.append("package dev.subbit.fpga;\n\n");
      text.append("/** The registers of docs/DEVICE.md and what may stand in them. */\n");
      text.append("final class DeviceContract {\n\n");
      text.append(javaNumber("VERSION_VALUE", versionValue(), 8));
      constants.forEach(c -> text.append(javaNumber(c.name(), c.value(), 8)));
      text.append(javaNumber("REGISTER_BYTES", registerBytes(), 2));
      for (Register register : registers) {
        String name = "REGISTER_" + register.name();
        if (register.width() == 64) {
          text.append(javaNumber(name + "_LOW", register.offset(), 2));
          text.append(javaNumber(name + "_HIGH", register.offset() + 4, 2));
        } else {
          text.append(javaNumber(name, register.offset(), 2));
        }
        for (Bits bits : register.bits()) {
          String of = "  static final int %s_%s".formatted(register.name(), bits.name());
          text.append(
              bits.width() == 1
                  ? of + " = 1 << " + bits.lowest() + ";\n"
                  : of + "_LOWEST = " + bits.lowest() + ";\n");
        }
        for (Value value : register.values()) {
          text.append(javaNumber(register.name() + "_" + value.name(), value.number(), 2));
        }
      }
      errors.forEach(e -> text.append(javaNumber("ERROR_" + e.name(), e.number(), 2)));
      text.append("\n  private DeviceContract() {}\n}\n");
      return text.toString();
    }

    private static String javaNumber(String name, long value, int digits) {
      return "  static final int %s = 0x%s;\n".formatted(name, hex(value, digits));
    }

    // ---- Documents.

    @Override
    public Map<Path, String> inGit() throws IOException {
      Map<String, String> blocks = new LinkedHashMap<>();
      blocks.put(
          "versions",
          docsTable(
              List.of("version", "new"),
              versions.stream().map(v -> List.of(v.major() + "." + v.minor(), v.news())).toList()));
      blocks.put(
          "constants",
          docsTable(
              List.of("name", "value", "meaning"),
              constants.stream()
                  .map(
                      c ->
                          List.of(
                              c.name(),
                              c.value() < 1000 ? c.value() + "" : "0x" + hex(c.value(), 8),
                              c.meaning()))
                  .toList()));
      blocks.put(
          "registers",
          docsTable(
              List.of("offset", "name", "access", "meaning"),
              registers.stream()
                  .map(r -> List.of(docsOffset(r), r.name(), r.access(), docsMeaning(r)))
                  .toList()));
      blocks.put(
          "errors",
          docsTable(
              List.of("code", "name", "meaning"),
              errors.stream().map(e -> List.of(e.number() + "", e.name(), e.meaning())).toList()));
      for (Descriptor descriptor : descriptors) {
        blocks.put(
            "descriptor " + descriptor.version(),
            docsTable(
                List.of("offset", "type", "field", "meaning"),
                descriptor.fields().stream().map(Device::docs).toList()));
      }
      Path page = root.resolve("docs/DEVICE.md");
      Map<Path, String> files = new LinkedHashMap<>();
      files.put(page, page(page, blocks));
      files.put(root.resolve("fpga-backend/src/main/rtl/subbit_contract_pkg.sv"), systemVerilog());
      return files;
    }

    private static String docsOffset(Register register) {
      String low = "0x" + hex(register.offset(), 2);
      return register.width() == 64 ? low + ", 0x" + hex(register.offset() + 4, 2) : low;
    }

    private static String docsMeaning(Register register) {
      String bits =
          joined(
              register.bits(),
              "; ",
              b ->
                  "%s %s%s"
                      .formatted(
                          (b.width() == 1
                              ? "bit " + b.lowest()
                              : "bits " + b.highest() + ".." + b.lowest()),
                          b.name(),
                          (b.meaning().isEmpty() ? "" : ": " + b.meaning())));
      String text = register.meaning();
      for (String more : List.of(bits, docsValues(register.values()))) {
        text +=
            more.isEmpty()
                ? ""
                : ". " + more.substring(0, 1).toUpperCase(Locale.ROOT) + more.substring(1);
      }
      return text;
    }

    private static String docsValues(List<Value> values) {
      return joined(
          values,
          ", ",
          v ->
              "%s %s%s"
                  .formatted(
                      v.number(),
                      v.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                      (v.meaning().isEmpty() ? "" : " (" + v.meaning() + ")")));
    }

    private static List<String> docs(Field field) {
      String offset = "0x" + hex(field.offset(), 2);
      if (field.reserved()) {
        return List.of(offset, field.bytes() + " bytes", "reserved", field.meaning());
      }
      String values = docsValues(field.values());
      String between = values.isEmpty() || field.meaning().isEmpty() ? "" : "; ";
      return List.of(offset, field.type(), field.name(), field.meaning() + between + values);
    }
  }
}

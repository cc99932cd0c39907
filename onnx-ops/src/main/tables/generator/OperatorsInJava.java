package generator;

import static generator.Code.constant;
import static generator.Code.joined;
import static generator.Code.madeFrom;
import static generator.Code.quoted;

import generator.Operators.Attribute;
import generator.Operators.Operator;
import java.util.LinkedHashSet;
import java.util.Set;

/** The Java class that is made of the operators. */
record OperatorsInJava(Operators table) {

  String text() {
    StringBuilder text = new StringBuilder(madeFrom("//", table.source()));
    text.append("package dev.subbit.onnx;\n\nimport java.util.List;\n\n");
    text.append("/** The rows of the table of operators, as they stand there. */\n");
    text.append("enum OperatorTable {\n");
    for (Operator operator : table.operators()) {
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
                                  Operators.element(input.type()),
                                  Operators.USES.get(input.use()))),
                  joined(
                      operator.outputs(),
                      ",\n          ",
                      output ->
                          "new Output(%s, Element.%s, %s)"
                              .formatted(
                                  quoted(output.name()),
                                  Operators.element(output.type()),
                                  output.optional()))));
    }
    text.append("  ;\n\n");
    text.append(
        "  /** What a tensor holds. Those of EIGHT_BITS of a node are all of one type. */\n");
    text.append("  enum Element { " + String.join(", ", Operators.ELEMENTS.values()) + " }\n\n");
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
    text.append("  static final String DOMAIN = " + quoted(table.domain()) + ";\n");
    text.append("  static final int VERSION = " + table.version() + ";\n");
    Set<String> names = new LinkedHashSet<>();
    table.attributes().forEach(attribute -> names.add(attribute.name()));
    table
        .operators()
        .forEach(operator -> operator.own().forEach(attribute -> names.add(attribute.name())));
    for (String name : names) {
      text.append("  static final String %s = %s;\n".formatted(constant(name), quoted(name)));
    }
    for (Operator operator : table.operators()) {
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
    text.append(
        joined(table.attributes(), ",\n          ", a -> javaAttribute(constant(a.name()), a)));
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
        .formatted(name, a.count(), a.least(), (a.most().isEmpty() ? "Long.MAX_VALUE" : a.most()));
  }
}

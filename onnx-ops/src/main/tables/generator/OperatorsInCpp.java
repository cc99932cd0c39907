package generator;

import static generator.Code.camel;
import static generator.Code.comment;
import static generator.Code.joined;
import static generator.Code.madeFrom;
import static generator.Code.quoted;

import generator.Operators.Attribute;
import generator.Operators.Input;
import generator.Operators.Operator;
import generator.Operators.Output;

/** The header of C++ that is made of the operators. */
record OperatorsInCpp(Operators table) {

  String text() {
    StringBuilder text = new StringBuilder(madeFrom("//", table.source()));
    text.append("#pragma once\n\n#include <array>\n#include <cstddef>\n#include <cstdint>\n\n");
    text.append("#include \"core/operator/operator_rows.h\"\n\n");
    text.append("namespace subbit::operators {\n\n");
    text.append("inline constexpr char kDomain[] = " + quoted(table.domain()) + ";\n");
    text.append("inline constexpr int kVersion = " + table.version() + ";\n\n");
    text.append("/// The attributes of every operator that convolves.\nnamespace attributes {\n\n");
    for (Attribute a : table.attributes()) {
      text.append(comment("", "///", a.meaning()));
      text.append(
          "inline constexpr %s k%s{%s, %s, %s};\n"
              .formatted(cppType(a), camel(a.name()), quoted(a.name()), a.least(), cppMost(a)));
    }
    text.append("\n}  // namespace attributes\n");
    table.operators().forEach(operator -> text.append(cpp(operator)));
    text.append("\n/// All of them, in the order of the table.\n");
    text.append(
        "inline constexpr std::array<OperatorRow, " + table.operators().size() + "> kAll = {{\n");
    for (Operator operator : table.operators()) {
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
                  camel(Operators.element(input.type())),
                  camel(Operators.USES.get(input.use()))));
    }
    for (int i = 0; i < operator.outputs().size(); i++) {
      Output output = operator.outputs().get(i);
      text.append(
          "  static constexpr OutputRow kOutput%s{%s, %s, Element::k%s, %s};\n"
              .formatted(
                  camel(output.name()),
                  i,
                  quoted(output.name()),
                  camel(Operators.element(output.type())),
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
}

package generator;

import static generator.Page.docsTable;
import static generator.Page.grouped;
import static generator.Page.page;

import generator.Operators.Attribute;
import generator.Operators.Input;
import generator.Operators.Operator;
import generator.Operators.Output;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tables in docs/OPERATORS.md. */
record OperatorsInDocs(Operators table) {

  String text() throws IOException {
    Map<String, String> blocks = new LinkedHashMap<>();
    blocks.put(
        "operators",
        docsTable(
            List.of("operator", "activations", "result"),
            table.operators().stream()
                .map(o -> List.of("`" + o.name() + "`", o.activations(), o.result()))
                .toList()));
    blocks.put("attributes", docs(table.attributes()));
    for (Operator operator : table.operators()) {
      blocks.put(operator.name(), docs(operator));
      if (!operator.own().isEmpty()) {
        blocks.put(operator.name() + " attributes", docs(operator.own()));
      }
    }
    return page(table.root().resolve("docs/OPERATORS.md"), blocks);
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
    for (Operator operator : table.operators()) {
      Long most =
          table.attributes().contains(attribute) ? operator.most().get(attribute.name()) : null;
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

package dev.subbit.cli.run;

import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.zoo.Zoo;
import dev.subbit.tribuo.zoo.ZooModel;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit zoo}: lists the trained models that come with Subbit, or copies one. */
@Command(
    name = "zoo",
    description = {
      "List the trained models that come with Subbit, or show how one was made.",
      "Wherever a command takes a saved model, it takes one of these names, too."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit zoo",
      "  ./subbit zoo fashion-mnist-binary-tau5",
      "  ./subbit zoo fashion-mnist-binary-tau5 --out clothes.sbm",
      "  ./subbit predict fashion-mnist-binary-tau5 docs/pictures/boot.jpg"
    })
public final class ZooCommand implements Callable<Integer> {

  private static final double TAPS = 9;

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NAME",
      description = "A model, to show how it was made.")
  private String name;

  @Option(names = "--out", paramLabel = "FILE.sbm", description = "Copy the model to this file.")
  private Path out;

  @Override
  public Integer call() {
    json.requireWritable();
    PrintWriter terminal = spec.commandLine().getOut();
    if (name == null) {
      if (out != null) {
        throw new ParameterException(spec.commandLine(), "--out copies one model: name it");
      }
      terminal.print(table(Zoo.models()));
      terminal.println("Accuracies on all 10,000 test images of Fashion-MNIST, one seed each.");
      json.write(Zoo.models());
      return 0;
    }
    ZooModel model =
        Zoo.find(name)
            .orElseThrow(
                () ->
                    new UserError(
                        "The zoo has no model '" + name + "'; ./subbit zoo lists those it has."));
    terminal.print(table(List.of(model)));
    terminal.println("Made by:");
    model.commands().forEach(command -> terminal.println("  " + command));
    if (out != null) {
      OutputFile.write(
          out,
          file -> {
            try (InputStream stored = model.open()) {
              stored.transferTo(file);
            }
          });
      terminal.printf("Wrote %s.%n", out);
    }
    terminal.flush();
    json.write(new ArrayList<>(List.of(model)));
    return 0;
  }

  private static String table(List<ZooModel> models) {
    TextTable table =
        new TextTable(4, "name", "network", "images", "activations", "bits/weight", "accuracy");
    for (ZooModel model : models) {
      table.row(
          model.name(),
          model.network(),
          model.images(),
          model.activations(),
          String.format(Locale.ROOT, "%.2f", model.tau() / TAPS),
          String.format(Locale.ROOT, "%.2f %%", 100 * model.accuracy()));
    }
    return table.toString();
  }
}

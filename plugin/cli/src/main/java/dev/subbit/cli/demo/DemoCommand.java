package dev.subbit.cli.demo;

import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.ProgressOption;
import dev.subbit.cli.terminal.CommandLineText;
import dev.subbit.cli.terminal.Interruption;
import dev.subbit.cli.terminal.UserError;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code subbit demo}: trains, quantizes, exports and compares two networks on real images. */
@Command(
    name = "demo",
    description = {
      "The whole way on real images: train two networks at 0.56 bit per weight, quantize one to"
          + " 8-bit activations, export, run on the CPU and on an emulated FPGA, compare.",
      "Takes under five minutes on two cores; with --quick, seconds: a trained model of the zoo runs"
          + " everywhere."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit demo --quick",
      "  ./subbit demo",
      "  ./subbit demo --out results --json demo.json",
      "  ./subbit demo --data /usr/share/datasets/fashion-mnist"
    })
public final class DemoCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private ProgressOption progress;

  @Option(
      names = "--quick",
      description =
          "Train nothing: run a trained model of the zoo over the test images on the CPU and on an"
              + " emulated FPGA. Leaves no files.")
  private boolean quick;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = {
        "A folder with the four IDX files of Fashion-MNIST, gzipped or not; the first 12,000"
            + " training and 2,000 test images are used.",
        "Default: the folder of Debian's package dataset-fashion-mnist if it is there, else the"
            + " subset that comes with the sources."
      })
  private Path data;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "subbit-demo",
      description = "Folder for all results. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "4",
      description =
          "Passes over the training images with real activations; binary ones, whose steps take"
              + " longer, get one pass fewer. Default: ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(
      names = "--network",
      paramLabel = "NAME",
      defaultValue = "resnet20",
      description = "The network. Default: ${DEFAULT-VALUE}.")
  private String network;

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    PrintWriter terminal = spec.commandLine().getOut();
    String home = System.getProperty("subbit.home");
    if (quick) {
      json.write(
          QuickDemo.run(DemoData.findTest(data, home == null ? null : Path.of(home)), terminal));
      return 0;
    }
    DemoData images = DemoData.find(data, home == null ? null : Path.of(home));
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new UserError("Cannot create the folder " + out + ": " + e.getMessage(), e);
    }
    Demo demo = new Demo(images, out, network, epochs, progress::of, terminal);
    Interruption.keeping(
        () ->
            "what was finished is in " + out + ". Start again with:  " + CommandLineText.of(spec));
    json.write(demo.run());
    return 0;
  }
}

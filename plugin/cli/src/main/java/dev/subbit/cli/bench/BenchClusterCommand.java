package dev.subbit.cli.bench;

import dev.subbit.cli.files.ChosenNetwork;
import dev.subbit.cli.options.ClusterOptions;
import dev.subbit.cli.options.ImageShapeConverter;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.training.ClusterCost;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code subbit bench cluster}: measures what the exchange of a training step costs. */
@Command(
    name = "cluster",
    description = {
      "Measure what training in several processes costs: a step of each process by itself, the same"
          + " step with the exchange of gradients, and the exchange alone; and model from these"
          + " what more machines would do.",
      "Without --cluster, processes on this machine are measured, over its loopback device. They"
          + " share the machine's cores, so give each as many --threads as it has cores for."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit bench cluster --json cluster.json",
      "  ./subbit bench cluster --network resnet20 --image 3x32x32 --classes 10 --images 64",
      "  ./subbit bench cluster --cluster one:4000,two:4000 --task 0 --threads 8 --images 128"
    })
final class BenchClusterCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private ClusterOptions clusterOptions;

  @Option(
      names = "--network",
      paramLabel = "NAME",
      defaultValue = "resnet18",
      description = "A network's name, or the XML file of one. Default: ${DEFAULT-VALUE}.")
  private String network;

  @Option(
      names = "--image",
      paramLabel = "CxHxW",
      defaultValue = "3x224x224",
      converter = ImageShapeConverter.class,
      description = "Shape of the images. Default: ${DEFAULT-VALUE}.")
  private ImageShape image;

  @Option(
      names = "--classes",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Number of classes. Default: ${DEFAULT-VALUE}.")
  private int classes;

  @Option(
      names = "--activations",
      paramLabel = "KIND",
      defaultValue = "REAL",
      description = "REAL or BINARY. Default: ${DEFAULT-VALUE}.")
  private Layer.Activations activations;

  @Option(
      names = "--images",
      paramLabel = "N",
      defaultValue = "8",
      description = "Images of a step in each process. Default: ${DEFAULT-VALUE}.")
  private int images;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Threads of each process. Default: ${DEFAULT-VALUE}.")
  private int threads;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "7",
      description = "Steps of either kind, which take turns. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--processes",
      paramLabel = "N",
      defaultValue = "2",
      description = "Processes on this machine, without --cluster. Default: ${DEFAULT-VALUE}.")
  private int processes;

  @Option(
      names = "--gigabits",
      paramLabel = "N",
      defaultValue = "10",
      description = "Speed of the modelled network, in Gbit/s. Default: ${DEFAULT-VALUE}.")
  private double gigabits;

  @Override
  public Integer call() throws IOException {
    requireAtLeast("--images", images, 1);
    requireAtLeast("--classes", classes, 2);
    requireAtLeast("--threads", threads, 1);
    requireAtLeast("--rounds", rounds, 1);
    requireAtLeast("--processes", processes, 2);
    if (!(gigabits > 0)) {
      throw new ParameterException(
          spec.commandLine(), "--gigabits is " + gigabits + "; it must be more than 0");
    }
    if (images < threads) {
      throw new ParameterException(
          spec.commandLine(),
          "--images is " + images + ", fewer than --threads, " + threads + ", which share them");
    }
    json.requireWritable();
    Network built = built();
    Optional<TrainingCluster> cluster = clusterOptions.cluster();
    if (cluster.isPresent()) {
      measure(built, cluster.get());
      return 0;
    }
    List<String> addresses = TrainingCluster.loopbackAddresses(processes);
    try (LocalProcesses others = new LocalProcesses(spec.root().userObject().getClass())) {
      for (int task = 1; task < processes; task++) {
        others.start(arguments(addresses, task));
      }
      measure(built, new TrainingCluster(addresses, 0, clusterOptions.timeoutSeconds()));
    }
    return 0;
  }

  private void requireAtLeast(String option, int value, int least) {
    if (value < least) {
      throw new ParameterException(
          spec.commandLine(), option + " is " + value + "; it must be at least " + least);
    }
  }

  /** The same command for another process. */
  private List<String> arguments(List<String> addresses, int task) {
    return List.of(
        "bench",
        "cluster",
        "--network=" + network,
        "--image=" + imageText(),
        "--classes=" + classes,
        "--activations=" + activations,
        "--images=" + images,
        "--threads=" + threads,
        "--rounds=" + rounds,
        "--cluster=" + String.join(",", addresses),
        "--task=" + task,
        "--cluster-timeout=" + clusterOptions.timeoutSeconds());
  }

  /** Measures, and reports in the first of the processes. */
  private void measure(Network built, TrainingCluster cluster) {
    ClusterCost cost;
    try {
      cost = ClusterCost.measure(cluster, built, images, threads, rounds);
    } catch (IllegalStateException e) {
      throw new UserError(e.getMessage(), e);
    }
    if (cluster.rank() == 0) {
      String name = network + ", " + imageText() + ", threads: " + threads;
      ClusterReport report = new ClusterReport(name, cluster.size(), images, cost, gigabits);
      PrintWriter out = spec.commandLine().getOut();
      out.print(report);
      out.flush();
      json.write(report.fields());
    }
  }

  private Network built() {
    try {
      return ChosenNetwork.of(network)
          .description()
          .build(image, classes, Layer.Weights.SUB_BIT, activations);
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage(), e);
    }
  }

  private String imageText() {
    return image.channels() + "x" + image.height() + "x" + image.width();
  }
}

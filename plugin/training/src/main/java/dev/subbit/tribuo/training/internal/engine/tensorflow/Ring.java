package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Server;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ClusterDef;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.JobDef;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.proto.ServerDef;
import org.tensorflow.types.family.TNumber;

/**
 * The ring of processes that a training runs in: TensorFlow's server of this process, and the
 * collective operators through which the processes exchange values. Every process builds the same
 * graphs in the same order, which is how their operators find one another.
 *
 * <p>In a ring of n processes each sends and receives 2 (n - 1) / n times the values, and all get
 * the same bits: every part is added up in one order and then handed round.
 */
final class Ring {

  private static final String JOB = "worker";
  private static final int ASK_MILLIS = 200;
  private static final int CONNECT_MILLIS = 2000;

  /** A process that is killed loses its connections before its port: so long, that may take. */
  private static final int ENDING_MILLIS = 3000;

  /** The group of all processes; there is no other. */
  private static final int GROUP = 1;

  // TensorFlow cannot shut a server down cleanly, so a process keeps its first one.
  private static Ring first;

  private final TrainingDevice device;
  private final TrainingCluster cluster;
  // Keeps the server reachable, which would be deleted otherwise.
  private final Server server;
  private int graphs;
  private int exchanges;

  private Ring(TrainingDevice device, TrainingCluster cluster, int threads) {
    this.device = device;
    this.cluster = cluster;
    JobDef.Builder job = JobDef.newBuilder().setName(JOB);
    for (int task = 0; task < cluster.size(); task++) {
      job.putTasks(task, cluster.addresses().get(task));
    }
    try {
      this.server =
          new Server(
              ServerDef.newBuilder()
                  .setCluster(ClusterDef.newBuilder().addJob(job))
                  .setJobName(JOB)
                  .setTaskIndex(cluster.rank())
                  .setProtocol("grpc")
                  .setDefaultSessionConfig(config(threads))
                  .build());
      server.start();
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "Cannot listen at "
              + own()
              + " as task "
              + cluster.rank()
              + " of the cluster: "
              + e.getMessage()
              + ". Is the port in use?",
          e);
    }
  }

  /**
   * Starts the server of this process, or finds the one that it has, and waits for the others.
   *
   * @param device what this process computes on, {@code CPU} or {@code GPU}.
   * @param cluster the processes.
   * @param threads that the server computes with.
   * @throws IllegalStateException if the process is in another cluster or on another device, cannot
   *     listen at its address, or another process does not answer within the time-out, naming it.
   */
  static synchronized Ring join(TrainingDevice device, TrainingCluster cluster, int threads) {
    if (first == null) {
      first = new Ring(device, cluster, threads);
    } else if (!first.cluster.equals(cluster)) {
      throw new IllegalStateException(
          "This JVM is task "
              + first.cluster.rank()
              + " of the cluster "
              + first.cluster.addresses()
              + " already; train in a new JVM");
    } else if (first.device != device) {
      throw new IllegalStateException(
          "This JVM trains in a cluster on the "
              + first.device
              + " already; train on the "
              + device
              + " in a new JVM");
    }
    first.awaitOthers();
    return first;
  }

  /** Without this, opening a session would wait for ever for a process that was never started. */
  private void awaitOthers() {
    List<Integer> silent =
        silent(List::isEmpty, TimeUnit.SECONDS.toMillis(cluster.timeoutSeconds()));
    if (!silent.isEmpty()) {
      throw new IllegalStateException(
          Thread.currentThread().isInterrupted()
              ? "Interrupted while waiting for " + names(silent)
              : "Waited "
                  + cluster.timeoutSeconds()
                  + " s in vain for "
                  + names(silent)
                  + ": start the same command there, with its own --task");
    }
  }

  /**
   * Asks the other processes again and again.
   *
   * @param settled says of the silent ones whether there is nothing to wait for any more.
   * @param millis the longest to ask; an interruption ends it, too.
   * @return the last silent ones.
   */
  private List<Integer> silent(Predicate<List<Integer>> settled, long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    List<Integer> silent = silent();
    try {
      while (!settled.test(silent) && System.nanoTime() < end) {
        Thread.sleep(ASK_MILLIS);
        silent = silent();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return silent;
  }

  /** The other processes whose ports do not answer. */
  private List<Integer> silent() {
    List<Integer> silent = new ArrayList<>();
    for (int task = 0; task < cluster.size(); task++) {
      if (task != cluster.rank() && !answers(task)) {
        silent.add(task);
      }
    }
    return silent;
  }

  private boolean answers(int task) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(cluster.host(task), cluster.port(task)), CONNECT_MILLIS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private String names(List<Integer> tasks) {
    return tasks.stream()
        .map(task -> "task " + task + " (" + cluster.addresses().get(task) + ")")
        .collect(Collectors.joining(", "));
  }

  private String own() {
    return cluster.addresses().get(cluster.rank());
  }

  /** Number of processes. */
  int count() {
    return cluster.size();
  }

  /** Which of them this one is. */
  int rank() {
    return cluster.rank();
  }

  /** Builds operators that this process computes, on whatever it computes on. */
  Ops ops(Graph graph) {
    return Ops.create(graph).withDevice(task().build());
  }

  private DeviceSpec.Builder task() {
    return DeviceSpec.newBuilder().job(JOB).replica(0).task(cluster.rank());
  }

  private ConfigProto config(int threads) {
    // A second thread, so that the exchange goes on where an operator keeps the first one busy.
    return configured(
        SessionConfig.on(device)
            .setIntraOpParallelismThreads(1)
            .setInterOpParallelismThreads(Math.max(2, threads)));
  }

  private ConfigProto configured(ConfigProto.Builder config) {
    return config
        .setExperimental(
            ConfigProto.Experimental.newBuilder()
                .setCollectiveGroupLeader("/job:" + JOB + "/replica:0/task:0"))
        .addDeviceFilters("/job:" + JOB + "/task:0")
        .addDeviceFilters("/job:" + JOB + "/task:" + cluster.rank())
        .setIsolateSessionState(true)
        .build();
  }

  /**
   * Opens a session on this process's server.
   *
   * @param config its device and threads.
   */
  Session open(Graph graph, ConfigProto.Builder config) {
    return SessionTarget.open(graph, "grpc://" + own(), configured(config));
  }

  /** Options for all runs of one graph that exchange values; to be asked for once per graph. */
  synchronized RunOptions nextOptions() {
    graphs++;
    return RunOptions.newBuilder()
        .setExperimental(RunOptions.Experimental.newBuilder().setCollectiveGraphKey(graphs))
        .build();
  }

  /** The sum over all processes. */
  <T extends TNumber> Operand<T> sum(Ops tf, Operand<T> own) {
    return reduced(tf, own, "Id");
  }

  /** The mean over all processes. */
  <T extends TNumber> Operand<T> mean(Ops tf, Operand<T> own) {
    return reduced(tf, own, "Div");
  }

  private synchronized <T extends TNumber> Operand<T> reduced(
      Ops tf, Operand<T> own, String finalOperator) {
    exchanges++;
    // Through the processor's memory, wherever the values were computed.
    Ops onProcessor =
        tf.withDevice(task().deviceType(DeviceSpec.DeviceType.CPU).deviceIndex(0).build());
    return onProcessor
        .scope()
        .opBuilder("CollectiveReduceV2", "exchange" + exchanges)
        .addInput(own.asOutput())
        .addInput(tf.constant(cluster.size()).asOutput())
        .addInput(tf.constant(GROUP).asOutput())
        .addInput(tf.constant(exchanges).asOutput())
        .addInputList(new Output<?>[0])
        .setAttr("T", own.asOutput().dataType())
        .setAttr("merge_op", "Add")
        .setAttr("final_op", finalOperator)
        .setAttr("communication_hint", "ring")
        .setAttr("timeout_seconds", (float) cluster.timeoutSeconds())
        .setAttr("Nordering_token", 0)
        .build()
        .<T>output(0);
  }

  /**
   * What to say of a run that failed.
   *
   * @param e what TensorFlow threw.
   * @return an error that names the processes that do not answer any more.
   */
  IllegalStateException failure(RuntimeException e) {
    List<Integer> silent = silent(lost -> !lost.isEmpty(), ENDING_MILLIS);
    String others =
        names(
            IntStream.range(0, cluster.size())
                .filter(task -> task != cluster.rank())
                .boxed()
                .toList());
    String what =
        silent.isEmpty()
            ? "The exchange failed or took more than "
                + cluster.timeoutSeconds()
                + " s, though all ports can be reached: of "
                + others
                + " one may hang"
            : "Lost " + names(silent) + ": it ended, or cannot be reached";
    return new IllegalStateException(
        what
            + ". Its own messages say why; the same commands go on from the last checkpoint."
            + " TensorFlow says: "
            + reason(e.getMessage()),
        e);
  }

  /** The first line that says more than which process speaks. */
  private static String reason(String message) {
    return message == null
        ? "nothing"
        : message.lines().filter(line -> !line.startsWith("From /job")).findFirst().orElse(message);
  }
}

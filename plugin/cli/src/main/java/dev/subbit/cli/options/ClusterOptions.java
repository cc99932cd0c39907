package dev.subbit.cli.options;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * The options of a command that runs in several processes. Without them, TensorFlow's environment
 * variable {@code TF_CONFIG} counts, as cluster managers set it.
 */
public final class ClusterOptions {

  private static final String VARIABLE = "TF_CONFIG";

  @Option(
      names = "--cluster",
      split = ",",
      paramLabel = "HOST:PORT",
      description = {
        "Train in several processes, one at each of these addresses, which share every batch: give"
            + " the same command to all, each with its own --task. Task 0 writes all results.",
        "The connections are neither encrypted nor authenticated. Default: the cluster of the"
            + " environment variable TF_CONFIG, if it is set."
      })
  private List<String> addresses;

  @Option(
      names = "--task",
      paramLabel = "I",
      description = "Which of the addresses in --cluster is this process's, 0 for the first.")
  private Integer task;

  @Option(
      names = "--cluster-timeout",
      paramLabel = "SECONDS",
      defaultValue = "120",
      description =
          "How long a process waits for the others, at the start and in each step, before it fails."
              + " Default: ${DEFAULT-VALUE}.")
  private int timeoutSeconds;

  /**
   * The processes to train with.
   *
   * @return the cluster; empty for this process alone.
   * @throws UserError if the options or the variable describe none.
   */
  public Optional<TrainingCluster> cluster() {
    return cluster(System.getenv(VARIABLE));
  }

  /**
   * How long a process waits for the others.
   *
   * @return the seconds that the options say.
   */
  public int timeoutSeconds() {
    return timeoutSeconds;
  }

  /**
   * The processes to train with.
   *
   * @param variable the value of the environment variable; null where it is not set.
   */
  Optional<TrainingCluster> cluster(String variable) {
    if ((addresses == null) != (task == null)) {
      throw new UserError("--cluster and --task belong together; give both or neither.");
    }
    try {
      if (addresses != null) {
        return Optional.of(new TrainingCluster(addresses, task, timeoutSeconds));
      }
      return variable == null || variable.isBlank() ? Optional.empty() : parsed(variable);
    } catch (IllegalArgumentException e) {
      throw new UserError(
          (addresses != null ? "--cluster: " : VARIABLE + ": ") + e.getMessage() + ".", e);
    }
  }

  private Optional<TrainingCluster> parsed(String variable) {
    JsonNode config;
    try {
      config = new ObjectMapper().readTree(variable);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("it is not JSON: " + e.getOriginalMessage(), e);
    }
    List<String> all = new ArrayList<>();
    // TensorFlow counts the chief, where there is one, before the workers.
    config.path("cluster").path("chief").forEach(address -> all.add(address.asText()));
    int chiefs = all.size();
    config.path("cluster").path("worker").forEach(address -> all.add(address.asText()));
    if (all.size() < 2) {
      return Optional.empty();
    }
    String type = config.path("task").path("type").asText("");
    JsonNode index = config.path("task").path("index");
    if (!type.equals("chief") && !type.equals("worker") || !index.isInt()) {
      throw new IllegalArgumentException(
          "its task needs the type 'chief' or 'worker' and a number as index, found "
              + config.path("task"));
    }
    int rank = index.asInt() + (type.equals("worker") ? chiefs : 0);
    return Optional.of(new TrainingCluster(all, rank, timeoutSeconds));
  }
}

package dev.subbit.cli.options;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class ClusterOptionsTest {

  private static final String WORKERS =
      "{\"cluster\": {\"worker\": [\"a:1\", \"b:2\"]}, \"task\": {\"type\": \"worker\", \"index\":"
          + " 1}}";

  @Command
  private static final class Holder {
    @Mixin private ClusterOptions options;
  }

  private static Optional<TrainingCluster> cluster(String variable, String... args) {
    Holder holder = new Holder();
    new CommandLine(holder).parseArgs(args);
    return holder.options.cluster(variable);
  }

  @Test
  void withoutOptionsAndVariableThereIsNone() {
    assertTrue(cluster(null).isEmpty());
    assertTrue(cluster("").isEmpty());
    assertTrue(cluster("{}").isEmpty());
    assertTrue(cluster("{\"cluster\": {\"worker\": [\"a:1\"]}}").isEmpty(), "one process");
  }

  @Test
  void optionsCountMoreThanTheVariable() {
    assertEquals(
        new TrainingCluster(List.of("c:3", "d:4"), 0, 9),
        cluster(WORKERS, "--cluster", "c:3,d:4", "--task", "0", "--cluster-timeout", "9")
            .orElseThrow());
    assertEquals(
        new TrainingCluster(List.of("a:1", "b:2"), 1, 120), cluster(WORKERS).orElseThrow());
  }

  @Test
  void aChiefComesBeforeTheWorkers() {
    String cluster =
        "{\"cluster\": {\"worker\": [\"a:1\", \"b:2\"], \"chief\": [\"c:3\"]}, \"task\": ";
    List<String> addresses = List.of("c:3", "a:1", "b:2");
    assertEquals(
        new TrainingCluster(addresses, 0, 120),
        cluster(cluster + "{\"type\": \"chief\", \"index\": 0}}").orElseThrow());
    assertEquals(
        new TrainingCluster(addresses, 2, 120),
        cluster(cluster + "{\"type\": \"worker\", \"index\": 1}}").orElseThrow());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "--cluster a:1,b:2|--cluster and --task belong together",
        "--task 1|--cluster and --task belong together",
        "--cluster a:1,b --task 0|--cluster: 'b' is no address",
        "--cluster a:1,b:2 --task 2|--cluster: There is no task 2"
      })
  void whatIsWrongWithOptionsIsSaid(String args, String message) {
    UserError e = assertThrows(UserError.class, () -> cluster(null, args.split(" ")));
    assertTrue(e.getMessage().startsWith(message), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{|TF_CONFIG: it is not JSON",
        "{\"cluster\": {\"worker\": [\"a:1\", \"b:2\"]}}|TF_CONFIG: its task needs the type",
        "{\"cluster\": {\"worker\": [\"a:1\", \"b:2\"]}, \"task\": {\"type\": \"ps\", \"index\":"
            + " 0}}|TF_CONFIG: its task needs the type",
        "{\"cluster\": {\"worker\": [\"a:1\", \"b:2\"]}, \"task\": {\"type\": \"worker\","
            + " \"index\": 7}}|TF_CONFIG: There is no task 7"
      })
  void whatIsWrongWithTheVariableIsSaid(String variable, String message) {
    UserError e = assertThrows(UserError.class, () -> cluster(variable));
    assertTrue(e.getMessage().startsWith(message), e.getMessage());
  }
}

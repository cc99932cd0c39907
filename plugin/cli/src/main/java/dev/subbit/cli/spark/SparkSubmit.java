package dev.subbit.cli.spark;

import dev.subbit.cli.terminal.UserError;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Hands work to Apache Spark, by the {@code spark-submit} of an installation and the programs in
 * the jar of subbit-spark.
 *
 * @param program {@code spark-submit}.
 * @param jar the jar, which holds all that Spark does not have.
 */
public record SparkSubmit(Path program, Path jar) {

  private static final String HOME = "SPARK_HOME";
  private static final String JAR = "SUBBIT_SPARK_JAR";

  /** A program in the jar. */
  public enum Program {
    /** Classifies pictures. */
    PREDICT_PICTURES("PredictPictures"),
    /** Runs commands of Subbit. */
    RUN_COMMANDS("RunCommands");

    private final String name;

    Program(String name) {
      this.name = "dev.subbit.spark." + name;
    }
  }

  /**
   * Finds both: {@code spark-submit} in {@code SPARK_HOME}, else on the {@code PATH}; the jar where
   * {@code SUBBIT_SPARK_JAR} says, else where the build leaves it.
   *
   * @param environment the variables of the environment.
   * @param home the folder of {@code ./subbit}, or null if it was not started by that.
   * @return both.
   * @throws UserError if one is missing; the message says how to get it.
   */
  public static SparkSubmit find(Map<String, String> environment, String home) {
    return new SparkSubmit(program(environment), jar(environment, home));
  }

  private static Path program(Map<String, String> environment) {
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    String name = windows ? "spark-submit.cmd" : "spark-submit";
    String installation = environment.get(HOME);
    if (installation != null && !installation.isEmpty()) {
      Path program = Path.of(installation, "bin", name);
      if (!Files.isExecutable(program)) {
        throw new UserError(
            HOME
                + " is '"
                + installation
                + "', but there is no bin/"
                + name
                + " in it. Set it to the folder of an installation of Apache Spark.");
      }
      return program;
    }
    for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
      Path program = Path.of(folder, name);
      if (Files.isRegularFile(program) && Files.isExecutable(program)) {
        return program;
      }
    }
    throw new UserError(
        "Found no "
            + name
            + ", neither on the PATH nor through "
            + HOME
            + ". Install Apache Spark 3.5 or 4 (pip install pyspark brings one), or set "
            + HOME
            + " to where it is.");
  }

  private static Path jar(Map<String, String> environment, String home) {
    String named = environment.get(JAR);
    if (named != null && !named.isEmpty()) {
      if (!Files.isRegularFile(Path.of(named))) {
        throw new UserError(JAR + " is '" + named + "', but there is no such file.");
      }
      return Path.of(named);
    }
    if (home != null) {
      Path folder = Path.of(home, "plugin", "spark", "target");
      try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "subbit-spark-*.jar")) {
        for (Path jar : jars) {
          if (!jar.toString().matches(".*-(sources|javadoc|tests)\\.jar")) {
            return jar;
          }
        }
      } catch (IOException e) {
        // No such folder: nothing is built.
      }
    }
    throw new UserError(
        "The jar of subbit-spark is not built. Build it: ./mvnw -pl plugin/spark -am -DskipTests"
            + " -Dnative.skipCross package; or set "
            + JAR
            + " to where it is.");
  }

  /**
   * The command that runs a program.
   *
   * @param run the program.
   * @param master the cluster, as {@code spark-submit --master} takes it.
   * @param settings settings of Spark by name.
   * @param arguments the program's arguments.
   * @return the command and its arguments.
   */
  List<String> command(
      Program run, String master, Map<String, String> settings, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString(), "--master", master));
    new TreeMap<>(settings)
        .forEach((name, value) -> command.addAll(List.of("--conf", name + "=" + value)));
    command.addAll(List.of("--class", run.name, jar.toString()));
    command.addAll(arguments);
    return command;
  }

  /**
   * Runs a program; what Spark prints is printed.
   *
   * @param run the program.
   * @param master the cluster, as {@code spark-submit --master} takes it.
   * @param settings settings of Spark by name.
   * @param arguments the program's arguments.
   * @throws UserError if {@code spark-submit} cannot be started or fails.
   */
  public void run(
      Program run, String master, Map<String, String> settings, List<String> arguments) {
    ProcessBuilder builder =
        new ProcessBuilder(command(run, master, settings, arguments)).inheritIO();
    // That of this program, which Spark must not see.
    builder.environment().remove("CLASSPATH");
    int code;
    try {
      Process process = builder.start();
      // A cluster that works on for nobody is worse than answers that are missing.
      Thread stop = new Thread(process::destroy, "stop spark-submit");
      Runtime.getRuntime().addShutdownHook(stop);
      code = process.waitFor();
      Runtime.getRuntime().removeShutdownHook(stop);
    } catch (IOException e) {
      throw new UserError("Cannot start " + program + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError("Interrupted while Spark was at work", e);
    }
    if (code != 0) {
      throw new UserError(program + " ended with " + code + "; what it printed above says why.");
    }
  }
}

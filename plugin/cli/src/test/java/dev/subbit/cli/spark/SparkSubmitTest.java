package dev.subbit.cli.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.CommandRun;
import dev.subbit.cli.spark.SparkSubmit.Program;
import dev.subbit.cli.terminal.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code --spark}: what is looked for where, and what is started. */
@DisabledOnOs(OS.WINDOWS)
class SparkSubmitTest {

  @TempDir Path folder;

  private Path jar;

  @BeforeEach
  void buildJar() throws IOException {
    Path target = Files.createDirectories(folder.resolve("home/plugin/spark/target"));
    Files.createFile(target.resolve("subbit-spark-1-sources.jar"));
    jar = Files.createFile(target.resolve("subbit-spark-1.jar"));
  }

  private String home() {
    return folder.resolve("home").toString();
  }

  /** An installation whose spark-submit writes down how it is called, and ends with a code. */
  private Path installation(int code) throws IOException {
    Path program = folder.resolve("spark/bin/spark-submit");
    Files.createDirectories(program.getParent());
    Files.writeString(
        program,
        "#!/bin/sh\nprintf '%s\\n' \"$@\" \"CLASSPATH=$CLASSPATH\" > '"
            + folder.resolve("called.txt")
            + "'\nexit "
            + code
            + "\n");
    assertTrue(program.toFile().setExecutable(true));
    return folder.resolve("spark");
  }

  @Test
  void sparkHomeComesBeforeThePath() throws IOException {
    Path spark = installation(0);
    Path program = spark.resolve("bin/spark-submit");
    Map<String, String> byPath = Map.of("PATH", "/nowhere:" + spark.resolve("bin"));
    Map<String, String> byHome = Map.of("PATH", "/nowhere", "SPARK_HOME", spark.toString());
    assertEquals(new SparkSubmit(program, jar), SparkSubmit.find(byPath, home()));
    assertEquals(new SparkSubmit(program, jar), SparkSubmit.find(byHome, home()));
  }

  @Test
  void whatIsMissingIsNamedWithItsRemedy() throws IOException {
    String none = message(Map.of("PATH", "/nowhere"), home());
    assertTrue(none.contains("pip install pyspark") && none.contains("SPARK_HOME"), none);
    String wrong = message(Map.of("SPARK_HOME", "/nowhere"), home());
    assertTrue(wrong.contains("'/nowhere'") && wrong.contains("bin/spark-submit"), wrong);
    Map<String, String> spark = Map.of("SPARK_HOME", installation(0).toString());
    String unbuilt = message(spark, folder.toString());
    assertTrue(unbuilt.contains("./mvnw -pl plugin/spark"), unbuilt);
    assertEquals(unbuilt, message(spark, null));
    String misnamed =
        message(
            Map.of("SPARK_HOME", folder.resolve("spark").toString(), "SUBBIT_SPARK_JAR", "/no.jar"),
            home());
    assertTrue(misnamed.contains("'/no.jar'"), misnamed);
  }

  private static String message(Map<String, String> environment, String home) {
    return assertThrows(UserError.class, () -> SparkSubmit.find(environment, home)).getMessage();
  }

  @Test
  void settingsAndArgumentsReachTheProgram() throws IOException {
    SparkSubmit submit = SparkSubmit.find(Map.of("SPARK_HOME", installation(0).toString()), home());
    submit.run(
        Program.PREDICT_PICTURES,
        "local[2]",
        Map.of("a", "1", "b", "x y"),
        List.of("model.onnx", "out", "in"));
    assertEquals(
        List.of(
            "--master",
            "local[2]",
            "--conf",
            "a=1",
            "--conf",
            "b=x y",
            "--class",
            "dev.subbit.spark.PredictPictures",
            jar.toString(),
            "model.onnx",
            "out",
            "in",
            "CLASSPATH="),
        Files.readAllLines(folder.resolve("called.txt")));
  }

  @Test
  void aFailureOfSparkIsOne() throws IOException {
    SparkSubmit submit = SparkSubmit.find(Map.of("SPARK_HOME", installation(3).toString()), home());
    UserError error =
        assertThrows(
            UserError.class, () -> submit.run(Program.RUN_COMMANDS, "yarn", Map.of(), List.of()));
    assertTrue(error.getMessage().contains("ended with 3"), error.getMessage());
  }

  @Test
  void whatDoesNotGoWithSparkIsRefused() {
    assertRefused("by --output", "predict", "m.onnx", "photos", "--spark", "yarn");
    assertRefused(
        "do not go with --spark",
        "predict",
        "m.onnx",
        "photos",
        "--spark",
        "yarn",
        "--output",
        "out",
        "--top",
        2);
    String alone = "--spark-conf and --column need --spark";
    assertRefused(alone, "predict", "m.onnx", "photos", "--spark-conf", "a=1");
    assertRefused(alone, "predict", "m.onnx", "photos", "--column", "picture");
  }

  private static void assertRefused(String expected, Object... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertFalse(run.code() == 0);
    assertTrue(run.err().contains(expected), run.err());
  }
}

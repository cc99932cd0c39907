package dev.subbit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Spark in this process. Spark 3.5 runs on Java 17 and 21. */
@EnabledForJreRange(max = JRE.JAVA_21)
@DisabledOnOs(OS.WINDOWS)
class RunCommandsTest {

  @TempDir Path folder;

  /** Writes where it was started and its first word to the file that follows {@code --json}. */
  private Path program() throws IOException {
    Path program = folder.resolve("program");
    Files.writeString(
        program,
        "#!/bin/sh\n[ \"$1\" = bad ] && echo no such thing && exit 3\necho \"$PWD $1\" >\"$3\"\n");
    assertTrue(program.toFile().setExecutable(true));
    return program;
  }

  @Test
  void everyCommandLeavesItsResultAndAFailureIsTold() throws IOException {
    Path output = Files.createDirectory(folder.resolve("output"));
    String program = program().toString();
    List<String> failures;
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()) {
      failures =
          RunCommands.run(
              spark,
              folder.toRealPath().toString(),
              List.of(
                  List.of(program, "one"),
                  List.of(program, "bad"),
                  List.of(program, "two words"),
                  List.of("/nowhere", "one")),
              output);
    }
    String prefix = folder.toRealPath() + " ";
    assertEquals(prefix + "one\n", Files.readString(output.resolve("0.json")));
    assertEquals(prefix + "two words\n", Files.readString(output.resolve("2.json")));
    assertFalse(Files.exists(output.resolve("1.json")));
    assertEquals(2, failures.size());
    assertEquals(program + " bad\nended with 3:\nno such thing", failures.get(0));
    assertTrue(failures.get(1).startsWith("/nowhere one\ncannot be run here: "), failures.get(1));
  }
}

package dev.subbit.cli.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.CommandRun;
import dev.subbit.tribuo.zoo.Zoo;
import dev.subbit.tribuo.zoo.ZooModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code subbit zoo}, and names of its models in place of files. */
class ZooCommandTest {

  private static final Path BOOT = Path.of("../../docs/pictures/boot.jpg");
  private static final String NAME = "fashion-mnist-binary-tau5";

  @TempDir Path folder;

  @Test
  void allModelsAreListed() {
    CommandRun run = CommandRun.of("zoo");
    assertEquals(0, run.code(), run.err());
    Zoo.models().forEach(model -> assertTrue(run.out().contains(model.name()), run.out()));
  }

  @Test
  void everyModelKnowsABootWhenItSeesOne() {
    for (ZooModel model : Zoo.models()) {
      CommandRun run = CommandRun.of("predict", model.name(), BOOT, "--top", 1);
      assertEquals(0, run.code(), run.err());
      assertTrue(run.out().contains("ankle boot"), model.name() + ": " + run.out());
    }
  }

  @Test
  void aModelSaysHowItWasMadeAndCanBeCopied() throws IOException {
    Path copy = folder.resolve("clothes.sbm");
    CommandRun run = CommandRun.of("zoo", NAME, "--out", copy);
    assertEquals(0, run.code(), run.err());
    ZooModel model = Zoo.find(NAME).orElseThrow();
    model.commands().forEach(command -> assertTrue(run.out().contains(command), run.out()));
    try (InputStream stored = model.open()) {
      assertArrayEquals(stored.readAllBytes(), Files.readAllBytes(copy));
    }
  }

  @Test
  void unknownNamesAreRefused() {
    assertFails(1, "./subbit zoo lists", "zoo", "cats");
    assertFails(1, "no model of this name in the zoo", "predict", "cats", BOOT);
    assertFails(2, "name it", "zoo", "--out", folder.resolve("x.sbm"));
  }

  private static void assertFails(int code, String part, Object... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertEquals(code, run.code(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }
}

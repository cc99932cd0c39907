package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ProcessorsTest {

  @Test
  void listsOfProcessorsHaveNumbersAndRanges() {
    assertEquals(List.of(0, 1, 2, 3, 8, 10, 11), Processors.numbers("0-3,8,10-11"));
    assertEquals(List.of(5), Processors.numbers("5"));
  }

  @Test
  void theProcessorHasAName() {
    assertFalse(Processors.name().isBlank());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aThreadStaysOnItsProcessorUntilItIsReleased() throws IOException {
    List<Integer> before = allowed();
    assumeTrue(before.size() > 1, "there is one processor only");
    Processors.Pinned one = Processors.pin(1);
    List<Integer> whilePinned = allowed();
    one.close();
    assertEquals(before, allowed());
    assumeTrue(whilePinned.size() < before.size(), "there is no taskset");
    assertEquals(1, whilePinned.size());

    Processors.Pinned all = Processors.pin(before.size());
    assertEquals(before, allowed());
    all.close();
  }

  private static List<Integer> allowed() throws IOException {
    String name = "Cpus_allowed_list:";
    return Processors.numbers(
        Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
            .filter(line -> line.startsWith(name))
            .findFirst()
            .orElseThrow()
            .substring(name.length()));
  }
}

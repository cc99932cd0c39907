package dev.subbit.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** The processors of this machine. Linux tells about them; elsewhere little is known. */
final class Processors {

  private static final Path PROC = Path.of("/proc");
  private static final Path CPUS = Path.of("/sys/devices/system/cpu");

  private Processors() {}

  /** A thread that stays on some processors until it is closed. */
  interface Pinned extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * The name of the processor, and the numbers of its model, since virtual machines often hide the
   * rest of the name.
   *
   * @return such as {@code AMD EPYC 9354 (family 25, model 17)}, or the architecture if nothing
   *     more is known.
   */
  static String name() {
    String architecture = System.getProperty("os.arch");
    try {
      String info = Files.readString(PROC.resolve("cpuinfo"));
      return field(info, "model name")
          .map(
              name ->
                  "%s (family %s, model %s)"
                      .formatted(
                          name,
                          field(info, "cpu family").orElse("?"),
                          field(info, "model").orElse("?")))
          .orElse(architecture);
    } catch (IOException e) {
      return architecture;
    }
  }

  /**
   * Keeps the calling thread on some processors, each of a core of its own. Threads and processes
   * that it starts inherit that, so that all sides of a benchmark run on the same processors.
   *
   * @param number how many.
   * @return what releases the thread; nothing has changed if the system cannot do it (it takes
   *     Linux and its program {@code taskset}), has too few cores, or has none to spare.
   */
  static Pinned pin(int number) {
    try {
      String allowed =
          field(Files.readString(PROC.resolve("thread-self/status")), "Cpus_allowed_list")
              .orElse("");
      List<Integer> processors = numbers(allowed);
      List<Integer> cores = onePerCore(processors);
      String thread = PROC.resolve("thread-self").toRealPath().getFileName().toString();
      if (number < processors.size() && number <= cores.size()) {
        String list =
            String.join(",", cores.subList(0, number).stream().map(String::valueOf).toList());
        if (setAffinity(thread, list)) {
          return () -> setAffinity(thread, allowed);
        }
      }
    } catch (IOException e) {
      // Not Linux: sides run wherever the system puts them.
    }
    return () -> {};
  }

  private static boolean setAffinity(String thread, String processors) {
    try {
      return new ProcessBuilder("taskset", "--cpu-list", "--pid", processors, thread)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The first of the processors of every core. */
  private static List<Integer> onePerCore(List<Integer> processors) throws IOException {
    TreeMap<String, Integer> firsts = new TreeMap<>();
    for (int processor : processors) {
      String core =
          Files.readString(CPUS.resolve("cpu" + processor + "/topology/thread_siblings_list"));
      firsts.putIfAbsent(core, processor);
    }
    return firsts.values().stream().sorted().toList();
  }

  /**
   * Reads a list of processors.
   *
   * @param list numbers and ranges, such as {@code 0-3,8}.
   * @return all numbers.
   */
  static List<Integer> numbers(String list) {
    List<Integer> all = new ArrayList<>();
    for (String part : list.split(",")) {
      String[] ends = part.strip().split("-");
      for (int i = Integer.parseInt(ends[0]); i <= Integer.parseInt(ends[ends.length - 1]); i++) {
        all.add(i);
      }
    }
    return all;
  }

  /** The first value of a field in lines such as {@code name : value}. */
  private static Optional<String> field(String lines, String name) {
    return lines
        .lines()
        .map(line -> line.split(":", 2))
        .filter(parts -> parts.length == 2 && parts[0].strip().equals(name))
        .map(parts -> parts[1].strip())
        .findFirst();
  }
}

package dev.subbit.cli.bench;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Commands of Subbit in processes of their own, which end with this one. Not thread-safe. */
final class LocalProcesses implements AutoCloseable {

  private final List<Process> processes = new ArrayList<>();
  private final Thread atExit = new Thread(this::end, "end other processes");

  private final String program;

  /**
   * Prepares for processes.
   *
   * @param program the class of Subbit's command line.
   */
  LocalProcesses(Class<?> program) {
    this.program = program.getName();
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Starts a command. Its errors go where those of this process go; the rest is dropped.
   *
   * @param arguments the command line.
   * @throws IOException if no process can be started.
   */
  void start(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(program);
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(Redirect.INHERIT);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    processes.add(builder.start());
  }

  private void end() {
    processes.forEach(Process::destroy);
  }

  @Override
  public void close() {
    end();
    Runtime.getRuntime().removeShutdownHook(atExit);
  }
}

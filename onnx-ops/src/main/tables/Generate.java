import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * Starts the program in the folder {@code generator} beside this file, which makes code and
 * documents of the two tables in which Subbit's interfaces are written down once: operators.txt
 * beside this file and fpga-backend/src/main/tables/device.txt.
 *
 * <p>The build runs this file as it is, with the JDK alone. A C++ header and Java constants go into
 * build folders. What people read in the repository (the SystemVerilog package and the tables in
 * docs) is in git; the build checks that it is current, and this brings it up to date, from the
 * root of the repository:
 *
 * <pre>java onnx-ops/src/main/tables/Generate.java update</pre>
 *
 * <p>A JDK of version 22 or newer starts programs of several files by itself; for those before it,
 * this file compiles the others into a temporary folder.
 */
public final class Generate {

  private Generate() {}

  /**
   * Runs one action; ends with 1 where a table, a page or an argument is wrong.
   *
   * @param arguments the action and what it needs, as the usage says.
   */
  public static void main(String[] arguments) throws Exception {
    Path tables = Path.of(codeSource()).toAbsolutePath().getParent();
    Path classes = Files.createTempDirectory("subbit-generator");
    int status;
    try {
      compile(tables.resolve("generator"), classes);
      try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
        status =
            (int)
                loader
                    .loadClass("generator.Generator")
                    .getMethod("run", PrintStream.class, String[].class)
                    .invoke(null, System.err, arguments);
      }
    } finally {
      delete(classes);
    }
    System.exit(status);
  }

  /** This file, where Java was started with a source file; else the folder of its class. */
  private static URI codeSource() throws Exception {
    return Generate.class.getProtectionDomain().getCodeSource().getLocation().toURI();
  }

  private static void compile(Path sources, Path classes) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("-proc:none", "-d", classes.toString()));
    try (Stream<Path> files = Files.list(sources)) {
      files
          .map(Path::toString)
          .filter(file -> file.endsWith(".java"))
          .sorted()
          .forEach(arguments::add);
    }
    if (ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new))
        != 0) {
      throw new IllegalStateException("The files in " + sources + " do not compile");
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}

package generator;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A table that was read and checked, and what becomes of it. */
interface Table {
  /** Path of the table from the root of the repository. */
  String source();

  String cpp();

  /** Path of the Java class below a source folder. */
  String javaFile();

  String java();

  /** The files in git that hold something of the table, as they ought to be. */
  Map<Path, String> inGit() throws IOException;
}

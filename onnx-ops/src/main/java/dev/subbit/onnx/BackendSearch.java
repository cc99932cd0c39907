package dev.subbit.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds the back ends on the class path, and explains why one is not among them. */
final class BackendSearch {

  private static final String SERVICE_FILE =
      "META-INF/services/" + ExecutionBackend.class.getName();

  private BackendSearch() {}

  /** This module's own, which no packaging can lose, then those of other modules. */
  static List<ExecutionBackend> all() {
    List<ExecutionBackend> all =
        new ArrayList<>(List.of(new OnnxRuntimeBackend(), new NativeBackend()));
    ServiceLoader.load(ExecutionBackend.class, ExecutionBackend.class.getClassLoader())
        .forEach(all::add);
    return List.copyOf(all);
  }

  /** The message for a name that no back end has. */
  static String notFound(String name, List<ExecutionBackend> all) {
    String message =
        "There is no back end '"
            + name
            + "'. Available on this class path: "
            + all.stream().map(ExecutionBackend::name).collect(Collectors.joining(", "));
    if (ExecutionBackend.class.getClassLoader().getResource(SERVICE_FILE) != null) {
      return message;
    }
    return message
        + ". No jar has a file "
        + SERVICE_FILE
        + ", by which others are found: either dev.subbit:subbit-fpga-backend is missing, or jars"
        + " were merged without that file (the Maven Shade plugin merges such files by its"
        + " ServicesResourceTransformer)";
  }
}

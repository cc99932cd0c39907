package dev.subbit.tribuo.training.internal.engine.tensorflow;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.KernelDef;
import org.tensorflow.proto.NodeDef;

/**
 * The kernels with which TensorFlow's library for GPUs computes operators on a GPU, from a file
 * that was made of that library: other libraries do not have them. One line per kernel: the
 * operator, the types that it is for, and which of its inputs and outputs are in the processor's
 * memory.
 */
final class GpuKernels {

  private static final String FILE = "gpu-kernels.txt";

  /** TensorFlow takes kernels of the second kind for GPUs, too. */
  private static final Set<String> DEVICES = Set.of("GPU", "DEFAULT");

  /** The types of a training; the file leaves out others. */
  private static final Set<String> TYPES =
      Set.of("DT_FLOAT", "DT_BFLOAT16", "DT_INT32", "DT_INT64", "DT_UINT8", "DT_BOOL");

  /**
   * One kernel.
   *
   * @param types the types that it is for, by attribute.
   * @param inHost names of the inputs and outputs that it has in the processor's memory.
   */
  record Kernel(String operator, Map<String, Set<String>> types, Set<String> inHost) {

    private boolean computes(NodeDef node) {
      return types.entrySet().stream()
          .allMatch(
              allowed ->
                  allowed.getValue().containsAll(types(node.getAttrMap().get(allowed.getKey()))));
    }

    private static List<String> types(AttrValue value) {
      List<DataType> types =
          value.hasList() ? value.getList().getTypeList() : List.of(value.getType());
      return types.stream().map(DataType::name).toList();
    }

    private static Kernel of(KernelDef kernel) {
      Map<String, Set<String>> types = new TreeMap<>();
      kernel
          .getConstraintList()
          .forEach(
              constraint ->
                  types.put(
                      constraint.getName(),
                      constraint.getAllowedValues().getList().getTypeList().stream()
                          .map(DataType::name)
                          .filter(TYPES::contains)
                          .collect(Collectors.toCollection(TreeSet::new))));
      return new Kernel(kernel.getOp(), types, new TreeSet<>(kernel.getHostMemoryArgList()));
    }

    private static Kernel of(String line) {
      String[] parts = line.split(" ", -1);
      Map<String, Set<String>> types = new TreeMap<>();
      for (String constraint : words(parts[1], ";")) {
        types.put(constraint.split("=")[0], Set.copyOf(words(constraint.split("=")[1], ",")));
      }
      return new Kernel(parts[0], types, Set.copyOf(words(parts[2], ",")));
    }

    private static List<String> words(String text, String separator) {
      return Arrays.stream(text.split(separator)).filter(word -> !word.isEmpty()).toList();
    }

    @Override
    public String toString() {
      return operator
          + " "
          + types.entrySet().stream()
              .map(entry -> entry.getKey() + "=" + String.join(",", entry.getValue()))
              .collect(Collectors.joining(";"))
          + " "
          + String.join(",", inHost);
    }
  }

  private final List<Kernel> kernels;

  private GpuKernels(List<Kernel> kernels) {
    this.kernels = kernels;
  }

  /** Those of the file. */
  static GpuKernels ofFile() {
    return new GpuKernels(lines().stream().map(Kernel::of).toList());
  }

  /** The lines of the file. */
  static List<String> lines() {
    try (InputStream in = GpuKernels.class.getResourceAsStream(FILE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the file says if it is made of the library on the class path. */
  static List<String> linesOfLibrary(Collection<String> operators) {
    return operators.stream()
        .flatMap(operator -> GpuSearch.kernels(operator).getKernelList().stream())
        .filter(kernel -> DEVICES.contains(kernel.getDeviceType()))
        .map(Kernel::of)
        .filter(kernel -> kernel.types.values().stream().noneMatch(Set::isEmpty))
        .map(Kernel::toString)
        .distinct()
        .sorted()
        .toList();
  }

  /** The kernel that computes a node. */
  Optional<Kernel> of(NodeDef node) {
    return kernels.stream()
        .filter(kernel -> kernel.operator.equals(node.getOp()) && kernel.computes(node))
        .findFirst();
  }
}

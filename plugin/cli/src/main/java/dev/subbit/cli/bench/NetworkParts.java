package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtException;
import dev.subbit.onnx.SubBitOperator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The parts of a residual network around its blocks, each cut out of the same models that are
 * measured whole: the binary network's operators and the integer network's, one per layer.
 */
final class NetworkParts {

  /** Operators of the shortcuts and of the last layers, besides 1x1 convolutions. */
  private static final Set<String> AROUND_BLOCKS =
      Set.of("AveragePool", "GlobalAveragePool", "Flatten", "Gemm", "Softmax");

  private static final Set<String> INTEGER_AROUND_BLOCKS =
      Set.of(
          SubBitOperator.INTEGER_SHORTCUT.opType(),
          SubBitOperator.INTEGER_CLASSIFIER.opType(),
          "Softmax");

  private final BenchNetwork network;

  /**
   * Looks at a network.
   *
   * @param network a residual network with a max pooling in its stem.
   */
  NetworkParts(BenchNetwork network) {
    this.network = network;
  }

  /**
   * The stem with its max pooling: in the binary network up to the signs and values that the first
   * block reads, in the integer network up to the values, whose signs a block makes itself when it
   * runs alone.
   *
   * @return all that is measured.
   * @throws OrtException if ONNX Runtime cannot run the network.
   */
  Contest stem() throws OrtException {
    ModelProto floats = network.inFloats();
    ModelProto fp32 = ModelPart.of(floats, until(floats, node -> is(node, "MaxPool")));
    return contest(
        "stem",
        fp32,
        Int8Twin.of(fp32),
        tau -> {
          ModelProto binary = network.inBinary(tau);
          return ModelPart.of(binary, until(binary, node -> is(node, "PackSigns")));
        },
        tau -> {
          ModelProto integer = network.inIntegersByLayer(tau);
          return ModelPart.of(
              integer, until(integer, node -> is(node, SubBitOperator.INTEGER_STEM.opType())));
        });
  }

  /**
   * The shortcuts, that is average poolings and 1x1 convolutions, and the classifier with all
   * behind it.
   *
   * @return all that is measured.
   * @throws OrtException if ONNX Runtime cannot run the network.
   */
  Contest shortcutsAndClassifier() throws OrtException {
    return contest(
        "shortcuts, classifier",
        ModelPart.of(network.inFloats(), NetworkParts::isAroundBlocks),
        null,
        tau -> ModelPart.of(network.inBinary(tau), NetworkParts::isAroundBlocks),
        tau ->
            ModelPart.of(
                network.inIntegersByLayer(tau),
                node -> INTEGER_AROUND_BLOCKS.contains(node.getOpType())));
  }

  /** Makes a part at one tau. */
  @FunctionalInterface
  private interface Cut {
    ModelProto at(int tau) throws OrtException;
  }

  private Contest contest(String part, ModelProto fp32, ModelProto int8, Cut binary, Cut integer) {
    return new Contest(
        network.name() + " " + part,
        network.name(),
        1,
        fp32,
        int8,
        List.of(
            new Contest.Form("binary", null, binary::at),
            new Contest.Form("integer", "binary", integer::at)));
  }

  /** The nodes of a model up to the first of a kind; nodes are in the order in which they run. */
  private static Predicate<NodeProto> until(ModelProto model, Predicate<NodeProto> last) {
    Set<String> names = new HashSet<>();
    for (NodeProto node : model.getGraph().getNodeList()) {
      names.add(node.getName());
      if (last.test(node)) {
        return other -> names.contains(other.getName());
      }
    }
    throw new IllegalArgumentException("There is no such node in " + model.getGraph().getName());
  }

  private static boolean isAroundBlocks(NodeProto node) {
    return AROUND_BLOCKS.contains(node.getOpType()) || isPointwise(node);
  }

  private static boolean isPointwise(NodeProto node) {
    return is(node, "Conv")
        && node.getAttributeList().stream()
            .filter(attribute -> attribute.getName().equals("kernel_shape"))
            .allMatch(kernel -> kernel.getIntsList().stream().allMatch(size -> size == 1));
  }

  private static boolean is(NodeProto node, String opType) {
    return node.getOpType().equals(opType);
  }
}

package dev.subbit.tribuo.training.internal.engine.tensorflow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.internal.codebook.TestPlans;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * What a training step would run on a GPU. There is none where this is tested: the graphs are
 * compared with the kernels that TensorFlow's library for GPUs has.
 */
class GpuGraphTest {

  /** Numbers that may be in the processor's memory: shapes, axes and the like. */
  private static final long MOST_IN_HOST = 64;

  /** Operators that fail on a GPU with {@code TF_DETERMINISTIC_OPS}: they do not repeat there. */
  private static final Set<String> UNREPEATABLE =
      Set.of("UnsortedSegmentSum", "SegmentSum", "MaxPoolGradWithArgmax", "ResourceScatterAdd");

  private static final Map<String, OpDef> OPERATORS =
      TensorFlow.registeredOpList().getOpList().stream()
          .collect(Collectors.toMap(OpDef::getName, op -> op));

  /** One training. */
  private record Case(String name, Network network, TrainingPlan plan) {

    @Override
    public String toString() {
      return name;
    }

    private Collection<NodeDef> nodes(Map<String, List<Shape>> shapes) {
      try (Graph graph = new Graph()) {
        new TrainingGraph(TrainingDevice.GPU, graph, network, plan, 0, LayerRates.EQUAL, null);
        graph
            .operations()
            .forEachRemaining(
                op -> {
                  List<Shape> outputs = new ArrayList<>();
                  for (int i = 0; i < op.numOutputs(); i++) {
                    outputs.add(op.output(i).shape());
                  }
                  shapes.put(op.name(), outputs);
                });
        return graph.toGraphDef().getNodeList();
      }
    }
  }

  private static Stream<Case> cases() {
    ImageShape small = new ImageShape(3, 16, 16);
    ImageShape large = new ImageShape(3, 96, 96);
    Recipe adam = Recipe.adam(0.01f);
    Recipe everything =
        new Recipe(
            Optimiser.SGD, Schedule.COSINE::rate, 0.1f, 0.9f, 1e-4f, 0.1f, 1, 0.5f, 2, 0.99f, true);
    return Stream.of(
        trained("resnet8", small, Activations.REAL, 5, adam, 0, Precision.FLOAT32),
        trained("resnet8", small, Activations.BINARY, 5, everything, 0, Precision.FLOAT32),
        trained("resnet8", small, Activations.BINARY, 9, adam, 0, Precision.FLOAT32),
        trained("resnet8", small, Activations.BINARY, 5, adam, 16, Precision.FLOAT32),
        trained("resnet18", large, Activations.REAL, 4, everything, 0, Precision.BFLOAT16),
        trained("vgg-small", small, Activations.BINARY, 5, adam, 0, Precision.BFLOAT16));
  }

  private static Case trained(
      String name,
      ImageShape shape,
      Activations activations,
      int tau,
      Recipe recipe,
      int width,
      Precision precision) {
    return new Case(
        String.join(" ", name, activations.name(), "tau", "" + tau, "width", "" + width)
            + " "
            + precision,
        Networks.build(name, shape, 10, Weights.SUB_BIT, activations),
        new TrainingPlan(2, 0, 0, recipe, TestPlans.codebooks(tau), width, precision, 1, 5));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyOperatorHasAKernelThatKeepsValuesOnTheGpu(Case trained) {
    GpuKernels kernels = GpuKernels.ofFile();
    Map<String, List<Shape>> shapes = new HashMap<>();
    Set<String> wrong = new TreeSet<>();
    for (NodeDef node : trained.nodes(shapes)) {
      assertEquals("", node.getDevice(), node.getName());
      assertFalse(UNREPEATABLE.contains(node.getOp()), node.getName());
      kernels
          .of(node)
          .ifPresentOrElse(
              kernel ->
                  arguments(node)
                      .forEach(
                          (argument, tensors) -> {
                            if (kernel.inHost().contains(argument)) {
                              tensors.stream()
                                  .map(tensor -> shape(tensor, shapes))
                                  .filter(shape -> !isSmall(shape))
                                  .forEach(shape -> wrong.add(kernel + ": " + argument + shape));
                            }
                          }),
              () -> wrong.add("no kernel: " + node.getOp() + " " + types(node)));
    }
    assertEquals(Set.of(), wrong);
  }

  private static boolean isSmall(Shape shape) {
    return !shape.hasUnknownDimension() && shape.size() <= MOST_IN_HOST;
  }

  private static Shape shape(String tensor, Map<String, List<Shape>> shapes) {
    String[] parts = tensor.split(":");
    return shapes.get(parts[0]).get(parts.length == 1 ? 0 : Integer.parseInt(parts[1]));
  }

  private static List<DataType> types(NodeDef node) {
    return node.getAttrMap().values().stream()
        .filter(value -> value.getType() != DataType.DT_INVALID)
        .map(value -> value.getType())
        .toList();
  }

  /** The tensors of a node, {@code node:output}, by the names of its inputs and outputs. */
  private static Map<String, List<String>> arguments(NodeDef node) {
    OpDef operator = OPERATORS.get(node.getOp());
    Map<String, List<String>> arguments = new HashMap<>();
    int next = 0;
    for (OpDef.ArgDef input : operator.getInputArgList()) {
      int count = count(input, node);
      arguments.put(input.getName(), node.getInputList().subList(next, next + count));
      next += count;
    }
    next = 0;
    for (OpDef.ArgDef output : operator.getOutputArgList()) {
      List<String> tensors = new ArrayList<>();
      for (int i = 0; i < count(output, node); i++) {
        tensors.add(node.getName() + ":" + next++);
      }
      arguments.put(output.getName(), tensors);
    }
    return arguments;
  }

  private static int count(OpDef.ArgDef argument, NodeDef node) {
    return argument.getNumberAttr().isEmpty()
        ? 1
        : (int) node.getAttrMap().get(argument.getNumberAttr()).getI();
  }

  /** Run with the library for GPUs: {@code -Dtensorflow.platform=linux-x86_64-gpu}. */
  @Test
  void theFileHoldsTheKernelsOfTheLibrary() {
    assumeTrue(
        GpuSearch.kernels("MatMul").getKernelList().stream()
            .anyMatch(kernel -> kernel.getDeviceType().equals("GPU")),
        "TensorFlow's library is one for processors only");
    Set<String> operators = new TreeSet<>();
    cases()
        .forEach(
            trained -> trained.nodes(new HashMap<>()).forEach(node -> operators.add(node.getOp())));
    assertEquals(
        String.join("\n", GpuKernels.linesOfLibrary(operators)),
        String.join("\n", GpuKernels.lines()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void onlyConvolutionsOfStepsComputeInBfloat16(Case trained) {
    Set<String> operators = new TreeSet<>();
    int inFloat32 = 0;
    int gradients = 0;
    for (NodeDef node : trained.nodes(new HashMap<>())) {
      boolean bfloat16 = types(node).contains(DataType.DT_BFLOAT16);
      if (bfloat16) {
        operators.add(node.getOp());
      }
      if (node.getOp().equals("Conv2D") && !bfloat16) {
        inFloat32++;
      }
      if (node.getOp().equals("Conv2DBackpropFilter") && !bfloat16) {
        gradients++;
      }
    }
    int convolutions =
        (int)
            trained.network().nodes().stream()
                .filter(node -> node.layer() instanceof Layer.Conv)
                .count();
    if (trained.plan().precision() == Precision.BFLOAT16) {
      assertTrue(
          operators.containsAll(Set.of("Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput")),
          operators::toString);
      operators.removeAll(Set.of("Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput"));
      operators.removeAll(Set.of("Cast", "PadV2", "Slice", "Shape"));
      assertEquals(convolutions, inFloat32, "those that predict");
      assertEquals(0, gradients);
    } else {
      assertEquals(2 * convolutions, inFloat32);
    }
    assertEquals(Set.of(), operators);
  }
}

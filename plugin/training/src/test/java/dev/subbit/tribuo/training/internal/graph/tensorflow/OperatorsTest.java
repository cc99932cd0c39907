package dev.subbit.tribuo.training.internal.graph.tensorflow;

import static dev.subbit.onnx.OnnxProtos.attribute;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.training.internal.engine.tensorflow.Parameter;
import dev.subbit.tribuo.training.internal.graph.ForeignGraph;
import dev.subbit.tribuo.training.internal.graph.GraphTask;
import dev.subbit.tribuo.training.internal.graph.RestTensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * For every operator that is trained through: outputs against ONNX Runtime's, and gradients of
 * inputs and weights against differences of ONNX Runtime's outputs.
 */
class OperatorsTest {

  private static final double TOLERANCE = 0.01;

  /**
   * One way to use an operator.
   *
   * @param what in words.
   * @param graph adds the node, reading {@code x}, and returns the name of its output.
   * @param shape shape of {@code x}.
   * @param least smallest number in {@code x}.
   * @param most largest number in {@code x}.
   */
  record Case(
      String what, Function<ForeignGraph, String> graph, long[] shape, double least, double most) {

    ModelProto model() {
      ForeignGraph foreign = new ForeignGraph(7).input(shape);
      String output = graph.apply(foreign);
      return foreign.model(output);
    }

    @Override
    public String toString() {
      return what;
    }
  }

  private static final long[] PICTURE = {2, 4, 9, 8};

  private static Case of(String what, Function<ForeignGraph, String> graph) {
    return new Case(what, graph, PICTURE, -2, 2);
  }

  private static Case conv(String what, long[] weights, AttributeProto... attributes) {
    return of(
        "Conv, " + what,
        g ->
            g.node(
                "Conv",
                List.of("x", g.tensor("w", -1, 1, weights), g.tensor("b", -1, 1, weights[0])),
                attributes));
  }

  private static Case pool(String operator, String what, AttributeProto... attributes) {
    return of(operator + ", " + what, g -> g.node(operator, List.of("x"), attributes));
  }

  private static Case simple(String operator, double least, double most, AttributeProto... more) {
    return new Case(
        operator + (more.length > 0 ? ", " + more[0].getName() : ""),
        g -> g.node(operator, List.of("x"), more),
        new long[] {3, 5},
        least,
        most);
  }

  private static Case arithmetic(String operator) {
    return of(
        operator + " of a channel's number",
        g -> g.node(operator, List.of("x", g.tensor("b", 0.5, 2, 4, 1, 1))));
  }

  private static Case resize(String what, boolean bySizes, AttributeProto... attributes) {
    return of(
        "Resize, " + what,
        g -> {
          String c = g.node("Identity", List.of("x"));
          List<String> inputs =
              bySizes
                  ? List.of(c, "", "", g.constant("sizes", 2, 4, 13, 11))
                  : List.of(c, "", g.constant("scales", new float[] {1, 1, 2, 3}, 4));
          return g.node("Resize", inputs, attributes);
        });
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    AttributeProto three = attribute("kernel_shape", 3, 3);
    cases.add(conv("padded evenly", new long[] {5, 4, 3, 3}, attribute("pads", 1, 1, 1, 1)));
    cases.add(
        conv(
            "uneven pads and strides",
            new long[] {5, 4, 3, 2},
            attribute("pads", 2, 0, 1, 3),
            attribute("strides", 2, 1)));
    cases.add(
        conv(
            "dilation 2",
            new long[] {5, 4, 3, 3},
            attribute("pads", 2, 2, 2, 2),
            attribute("dilations", 2, 2)));
    cases.add(
        conv(
            "uneven dilations, pads and strides",
            new long[] {5, 4, 3, 3},
            attribute("pads", 1, 0, 2, 3),
            attribute("strides", 2, 3),
            attribute("dilations", 2, 3)));
    cases.add(
        conv(
            "two groups",
            new long[] {6, 2, 3, 3},
            attribute("group", 2),
            attribute("pads", 1, 1, 1, 1),
            attribute("strides", 2, 2)));
    cases.add(
        conv(
            "two groups, dilated",
            new long[] {6, 2, 3, 3},
            attribute("group", 2),
            attribute("dilations", 2, 2)));
    cases.add(
        conv(
            "depthwise",
            new long[] {4, 1, 3, 3},
            attribute("group", 4),
            attribute("pads", 1, 1, 1, 1)));
    cases.add(
        conv(
            "depthwise, two outputs per input, uneven strides",
            new long[] {8, 1, 3, 3},
            attribute("group", 4),
            attribute("pads", 1, 0, 0, 1),
            attribute("strides", 1, 2)));
    cases.add(
        conv(
            "depthwise, dilated",
            new long[] {4, 1, 3, 3},
            attribute("group", 4),
            attribute("dilations", 2, 2),
            attribute("pads", 2, 2, 2, 2)));
    cases.add(
        conv(
            "auto_pad, lower",
            new long[] {3, 4, 2, 2},
            attribute("auto_pad", "SAME_LOWER"),
            attribute("strides", 2, 2)));
    cases.add(conv("1x1", new long[] {3, 4, 1, 1}));
    cases.add(
        of(
            "Conv, weights made by other nodes",
            g ->
                g.node(
                    "Conv",
                    List.of(
                        "x",
                        g.node(
                            "Transpose",
                            List.of(g.tensor("w", -1, 1, 4, 3, 3, 3)),
                            attribute("perm", 1, 0, 2, 3))))));
    cases.add(pool("MaxPool", "uneven pads", three, attribute("pads", 1, 0, 2, 1)));
    cases.add(
        pool(
            "MaxPool",
            "ceiling",
            attribute("kernel_shape", 2, 3),
            attribute("strides", 2, 2),
            attribute("ceil_mode", 1)));
    cases.add(
        pool(
            "AveragePool",
            "pads left out",
            three,
            attribute("pads", 1, 0, 2, 1),
            attribute("strides", 2, 1)));
    cases.add(
        pool(
            "AveragePool",
            "pads counted",
            three,
            attribute("pads", 1, 1, 1, 1),
            attribute("count_include_pad", 1)));
    cases.add(
        pool(
            "AveragePool",
            "ceiling",
            three,
            attribute("strides", 2, 2),
            attribute("pads", 1, 0, 0, 0),
            attribute("ceil_mode", 1)));
    cases.add(pool("AveragePool", "auto_pad", three, attribute("auto_pad", "SAME_UPPER")));
    cases.add(pool("GlobalAveragePool", "plain"));
    cases.add(pool("GlobalMaxPool", "plain"));
    addProducts(cases);
    addNormalisations(cases);
    addElementwise(cases);
    addShapes(cases);
    cases.add(
        resize(
            "nearest, by factors",
            false,
            attribute("coordinate_transformation_mode", "asymmetric"),
            attribute("nearest_mode", "floor")));
    for (String coordinates :
        List.of("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")) {
      AttributeProto how = attribute("coordinate_transformation_mode", coordinates);
      cases.add(resize("nearest, " + coordinates, true, how));
      cases.add(resize("linear, " + coordinates, true, how, attribute("mode", "linear")));
      cases.add(resize("cubic, " + coordinates, true, how, attribute("mode", "cubic")));
    }
    cases.add(resize("linear, by factors", false, attribute("mode", "linear")));
    return cases.stream();
  }

  private static void addProducts(List<Case> cases) {
    cases.add(
        new Case(
            "Gemm, weights transposed",
            g ->
                g.node(
                    "Gemm",
                    List.of("x", g.tensor("w", -1, 1, 6, 5), g.tensor("b", -1, 1, 6)),
                    attribute("transB", 1),
                    attribute("alpha", 0.5f),
                    attribute("beta", 2f)),
            new long[] {3, 5},
            -2,
            2));
    cases.add(
        new Case(
            "Gemm, input transposed",
            g -> g.node("Gemm", List.of("x", g.tensor("w", -1, 1, 3, 6)), attribute("transA", 1)),
            new long[] {3, 5},
            -2,
            2));
    for (long[] shape : new long[][] {{3, 5}, {2, 3, 5}}) {
      cases.add(
          new Case(
              "MatMul, " + shape.length + " axes",
              g -> g.node("MatMul", List.of("x", g.tensor("w", -1, 1, 5, 4))),
              shape,
              -2,
              2));
    }
    cases.add(
        new Case(
            "MatMul of values",
            g ->
                g.node(
                    "MatMul",
                    List.of("x", g.node("Transpose", List.of("x"), attribute("perm", 0, 2, 1)))),
            new long[] {2, 3, 5},
            -2,
            2));
  }

  private static void addNormalisations(List<Case> cases) {
    for (long[] shape : new long[][] {PICTURE, {3, 4}}) {
      cases.add(
          new Case(
              "BatchNormalization, " + shape.length + " axes",
              g ->
                  g.node(
                      "BatchNormalization",
                      List.of(
                          "x",
                          g.tensor("s", 0.5, 2, 4),
                          g.tensor("b", -1, 1, 4),
                          g.constant("m", new float[] {0.1f, -0.2f, 0.3f, 0}, 4),
                          g.constant("v", new float[] {0.5f, 1, 2, 0.3f}, 4)),
                      attribute("epsilon", 1e-3f)),
              shape,
              -2,
              2));
    }
    cases.add(
        of(
            "InstanceNormalization",
            g ->
                g.node(
                    "InstanceNormalization",
                    List.of("x", g.tensor("s", 0.5, 2, 4), g.tensor("b", -1, 1, 4)))));
    cases.add(
        new Case(
            "LayerNormalization",
            g ->
                g.node(
                    "LayerNormalization",
                    List.of("x", g.tensor("s", 0.5, 2, 6), g.tensor("b", -1, 1, 6))),
            new long[] {3, 6},
            -2,
            2));
    for (String operator : List.of("Softmax", "LogSoftmax")) {
      cases.add(simple(operator, -2, 2));
      cases.add(
          of(operator + " of channels", g -> g.node(operator, List.of("x"), attribute("axis", 1))));
      cases.add(
          of(
              operator + " of set 12",
              g -> g.opset(12).node(operator, List.of("x"), attribute("axis", 2))));
    }
  }

  private static void addElementwise(List<Case> cases) {
    for (String operator :
        List.of(
            "Relu",
            "LeakyRelu",
            "Elu",
            "Selu",
            "Sigmoid",
            "HardSigmoid",
            "HardSwish",
            "Mish",
            "Tanh",
            "Softplus",
            "Erf",
            "Exp",
            "Abs",
            "Neg")) {
      cases.add(simple(operator, -4, 4));
    }
    cases.add(simple("LeakyRelu", -2, 2, attribute("alpha", 0.2f)));
    cases.add(simple("Elu", -2, 2, attribute("alpha", 0.7f)));
    cases.add(simple("HardSigmoid", -4, 4, attribute("alpha", 0.3f), attribute("beta", 0.4f)));
    for (String operator : List.of("Log", "Sqrt", "Reciprocal")) {
      cases.add(simple(operator, 0.5, 3));
    }
    for (String how : List.of("none", "tanh")) {
      cases.add(
          of(
              "Gelu, " + how,
              g -> g.opset(20).node("Gelu", List.of("x"), attribute("approximate", how))));
    }
    for (String operator : List.of("Add", "Sub", "Mul", "Div")) {
      cases.add(arithmetic(operator));
    }
    cases.add(
        of(
            "Add behind a convolution, of a number",
            g -> g.node("Add", List.of(g.conv("x", 3, 4), g.constant("one", new float[] {1}, 1)))));
    for (String operator : List.of("Max", "Min", "Sum", "Mean")) {
      cases.add(
          of(
              operator + " of three",
              g ->
                  g.node(
                      operator,
                      List.of(
                          "x",
                          g.constant("c", new float[] {0.1f, -0.2f, 0.3f, 0.4f}, 4, 1, 1),
                          g.node("Neg", List.of("x"))))));
    }
    cases.add(
        of(
            "PRelu",
            g -> g.node("PRelu", List.of(g.conv("x", 3, 4), g.tensor("s", 0.1, 0.5, 3, 1, 1)))));
    cases.add(
        of(
            "Clip",
            g ->
                g.node(
                    "Clip",
                    List.of(
                        "x",
                        g.constant("low", new float[] {-0.5f}),
                        g.constant("high", new float[] {1})))));
    cases.add(
        of("Clip from below", g -> g.node("Clip", List.of("x", g.constant("l", new float[] {0})))));
    for (float exponent : new float[] {2, 1.5f}) {
      cases.add(
          new Case(
              "Pow " + exponent,
              g -> g.node("Pow", List.of("x", g.constant("e", new float[] {exponent}))),
              new long[] {3, 5},
              0.5,
              2));
    }
  }

  private static void addShapes(List<Case> cases) {
    cases.add(simple("Identity", -1, 1));
    cases.add(of("Dropout", g -> g.node("Dropout", List.of("x"))));
    cases.add(simple("Cast", -1, 1, attribute("to", 1)));
    cases.add(of("Flatten", g -> g.node("Flatten", List.of(g.conv("x", 3, 4)))));
    cases.add(of("Reshape", g -> g.node("Reshape", List.of("x", g.constant("s", 0, -1, 8)))));
    cases.add(
        of(
            "Reshape to a shape that nodes compute",
            g -> {
              String size = g.node("Shape", List.of("x"));
              String rows =
                  g.node("Gather", List.of(size, g.constant("first", 0)), attribute("axis", 0));
              String shape =
                  g.node("Concat", List.of(rows, g.constant("rest", -1)), attribute("axis", 0));
              return g.node("Reshape", List.of(g.conv("x", 3, 4), shape));
            }));
    cases.add(
        of("Transpose", g -> g.node("Transpose", List.of("x"), attribute("perm", 0, 2, 3, 1))));
    cases.add(
        of(
            "Squeeze",
            g ->
                g.node(
                    "Squeeze",
                    List.of(
                        g.node("GlobalAveragePool", List.of("x")), g.constant("axes", 2, -1)))));
    cases.add(of("Unsqueeze", g -> g.node("Unsqueeze", List.of("x", g.constant("axes", 1, -1)))));
    cases.add(
        of(
            "Expand",
            g ->
                g.node(
                    "Expand",
                    List.of(
                        g.node("GlobalAveragePool", List.of("x")), g.constant("s", 2, 4, 3, 5)))));
    for (int axis : new int[] {1, 2}) {
      cases.add(
          of(
              "Concat on axis " + axis,
              g ->
                  g.node("Concat", List.of("x", g.conv("x", 4, 4), "x"), attribute("axis", axis))));
    }
    cases.add(
        of(
            "Split",
            g -> {
              g.node(
                  "Split",
                  List.of("x", g.constant("sizes", 1, 3)),
                  List.of("a", "b"),
                  attribute("axis", 1));
              return g.node("Mul", List.of("a", "b"));
            }));
    cases.add(
        of(
            "Slice",
            g ->
                g.node(
                    "Slice",
                    List.of(
                        "x",
                        g.constant("starts", 1, -7),
                        g.constant("ends", 1000, -1),
                        g.constant("axes", 2, 3),
                        g.constant("steps", 2, 1)))));
    cases.add(
        of(
            "Gather",
            g ->
                g.node(
                    "Gather",
                    List.of("x", g.constant("places", 2, 0, -1, 2)),
                    attribute("axis", 1))));
    cases.add(
        of(
            "Pad by a number",
            g ->
                g.node(
                    "Pad",
                    List.of(
                        "x",
                        g.constant("pads", 0, 0, 1, 2, 0, 1, 0, 3),
                        g.constant("with", new float[] {0.5f})))));
    cases.add(
        of(
            "Pad by reflection, behind a convolution",
            g ->
                g.node(
                    "Pad",
                    List.of(g.conv("x", 3, 4), g.constant("pads", 0, 0, 1, 2, 0, 0, 0, 3)),
                    attribute("mode", "reflect"))));
    for (String mode : List.of("DCR", "CRD")) {
      cases.add(
          of(
              "DepthToSpace, " + mode,
              g ->
                  g.node(
                      "DepthToSpace",
                      List.of(g.conv("x", 8, 4)),
                      attribute("blocksize", 2),
                      attribute("mode", mode))));
    }
    cases.add(
        new Case(
            "SpaceToDepth",
            g -> g.node("SpaceToDepth", List.of("x"), attribute("blocksize", 2)),
            new long[] {2, 3, 6, 4},
            -1,
            1));
    for (String operator : List.of("ReduceMean", "ReduceMax", "ReduceMin")) {
      cases.add(
          of(
              operator + " of rows and columns",
              g -> g.node(operator, List.of(g.conv("x", 3, 4), g.constant("axes", 2, 3)))));
    }
    cases.add(
        of(
            "ReduceMean of set 13, without its axes",
            g ->
                g.opset(13)
                    .node(
                        "ReduceMean",
                        List.of("x"),
                        attribute("axes", new long[] {-1}),
                        attribute("keepdims", 0))));
    cases.add(of("ReduceSum of all", g -> g.node("ReduceSum", List.of("x"))));
  }

  @Test
  void everyOperatorHasACase() {
    TreeSet<String> tested = new TreeSet<>();
    cases()
        .forEach(
            one ->
                one.model().getGraph().getNodeList().forEach(node -> tested.add(node.getOpType())));
    TreeSet<String> missing = new TreeSet<>(Operators.names());
    missing.removeAll(tested);
    assertEquals(new TreeSet<>(), missing);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesOnnxRuntimesOutputsAndTheGradientsOfTheirDifferences(Case one) {
    ModelProto model = one.model();
    Feed feed = ForeignGraph.feed(3, one.least, one.most, one.shape);
    String output = model.getGraph().getOutput(0).getName();
    GraphTask task =
        new GraphTask(
            model, List.of(), List.of(output), new float[] {1}, Optional.empty(), 0, true, feed, 1);
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      GraphImport imported = new GraphImport(tf, task);
      Operand<TFloat32> y = imported.value(output);
      float[] wanted = run(model, feed);
      float[] weights = ForeignGraph.numbers(new SplittableRandom(5), wanted.length, -1, 1);
      Operand<TFloat32> loss =
          tf.reduceSum(
              tf.math.mul(
                  tf.reshape(y, tf.constant(new int[] {-1})),
                  tf.constant(Shape.of(weights.length), DataBuffers.of(weights))),
              tf.constant(0));
      List<Operand<TFloat32>> by = new ArrayList<>();
      by.add(imported.inputs().get("x"));
      imported.rest().values().forEach(tensor -> by.add(tensor.value()));
      List<Operand<TFloat32>> gradients = Gradients.of(graph, loss, by);
      try (Session session = new Session(graph);
          TFloat32 x =
              TFloat32.tensorOf(
                  Shape.of(one.shape),
                  DataBuffers.of(feed.tensors().get("x").floats().orElseThrow()))) {
        zero(session, imported);
        Session.Runner runner = session.runner().feed(by.get(0), x).fetch(y);
        gradients.forEach(runner::fetch);
        try (Result result = runner.run()) {
          assertClose(wanted, floats(result.get(0)));
          assertSlope(floats(result.get(1)), feed, model, weights, null);
          List<String> names = List.copyOf(imported.rest().keySet());
          for (int i = 0; i < names.size(); i++) {
            assertSlope(floats(result.get(2 + i)), feed, model, weights, names.get(i));
          }
        }
      }
    }
  }

  private static void zero(Session session, GraphImport imported) {
    for (TrainedTensor tensor : imported.rest().values()) {
      Parameter change = tensor.change();
      try (TFloat32 zeros =
          TFloat32.tensorOf(
              change.shape(), DataBuffers.of(new float[(int) change.shape().size()]))) {
        session.runner().feed(change.newValue(), zeros).addTarget(change.assign()).run().close();
      }
    }
  }

  private static float[] floats(Tensor tensor) {
    float[] values = new float[(int) tensor.size()];
    ((TFloat32) tensor).asRawTensor().data().asFloats().read(values);
    return values;
  }

  private static float[] run(ModelProto model, Feed feed) {
    try (GraphSession session = new GraphSession(model)) {
      return session.run(feed).values().iterator().next().values();
    }
  }

  private static void assertClose(float[] wanted, float[] found) {
    assertEquals(wanted.length, found.length);
    double largest = 1e-3;
    for (float value : wanted) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < wanted.length; i++) {
      assertEquals(wanted[i], found[i], 1e-5 * largest, "output " + i);
    }
  }

  /** Compares the slope along a random direction. */
  private static void assertSlope(
      float[] gradient, Feed feed, ModelProto model, float[] weights, String tensor) {
    float[] direction = ForeignGraph.numbers(new SplittableRandom(11), gradient.length, -1, 1);
    double expected = 0;
    for (int i = 0; i < gradient.length; i++) {
      expected += (double) gradient[i] * direction[i];
    }
    double nearest = Double.MAX_VALUE;
    String all = "";
    for (double step : new double[] {1e-2, 3e-3, 1e-3}) {
      double above = moved(feed, model, weights, tensor, direction, step);
      double below = moved(feed, model, weights, tensor, direction, -step);
      double slope = (above - below) / (2 * step);
      all += " " + slope;
      nearest = Math.min(nearest, Math.abs(slope - expected) / Math.max(0.05, Math.abs(expected)));
    }
    assertTrue(
        nearest < TOLERANCE,
        (tensor == null ? "x" : tensor) + ": gradient " + expected + ", differences" + all);
  }

  private static double moved(
      Feed feed, ModelProto model, float[] weights, String tensor, float[] direction, double step) {
    float[] y;
    if (tensor == null) {
      Feed.Tensor x = feed.tensors().get("x");
      y =
          run(
              model,
              ForeignGraph.feed(x.shape(), moved(x.floats().orElseThrow(), direction, step)));
    } else {
      Map<String, float[]> changed = new LinkedHashMap<>();
      model.getGraph().getInitializerList().stream()
          .filter(one -> one.getName().equals(tensor))
          .forEach(
              one ->
                  changed.put(
                      tensor, moved(numbers(one.getRawData().toByteArray()), direction, step)));
      y = run(RestTensors.replace(model, changed), feed);
    }
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      sum += (double) y[i] * weights[i];
    }
    return sum;
  }

  private static float[] numbers(byte[] raw) {
    float[] numbers = new float[raw.length / Float.BYTES];
    ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(numbers);
    return numbers;
  }

  private static float[] moved(float[] from, float[] direction, double step) {
    float[] moved = new float[from.length];
    for (int i = 0; i < from.length; i++) {
      moved[i] = (float) (from[i] + step * direction[i]);
    }
    return moved;
  }

  @Test
  void refusesAnOperatorWithoutGradientByName() {
    ForeignGraph graph = new ForeignGraph(1).input(2, 3);
    ModelProto model = graph.model(graph.node("Round", List.of("x")));
    assertRefused(model, "Node 'Round_v0' (Round) cannot be trained through");
  }

  @Test
  void refusesAnAttributeThatIsNotSupportedByNodeAndName() {
    ForeignGraph graph = new ForeignGraph(1).input(2, 3, 8, 8);
    ModelProto dilated =
        graph.model(
            graph.node(
                "MaxPool",
                List.of("x"),
                attribute("kernel_shape", 2, 2),
                attribute("dilations", 2, 2)));
    assertRefused(dilated, "Node 'MaxPool_v0' (MaxPool) has dilations=");
    ForeignGraph other = new ForeignGraph(1).input(2, 3, 8, 8);
    ModelProto edge =
        other.model(
            other.node(
                "Pad",
                List.of("x", other.constant("pads", 0, 0, 1, 1, 0, 0, 1, 1)),
                attribute("mode", "edge")));
    assertRefused(edge, "Node 'Pad_v0' (Pad) has mode=edge");
  }

  @Test
  void refusesAnAttributeThatItDoesNotKnow() {
    ForeignGraph graph = new ForeignGraph(1).input(2, 3);
    ModelProto model = graph.model(graph.node("Relu", List.of("x")));
    NodeProto node =
        model.getGraph().getNode(0).toBuilder().addAttribute(attribute("new", 1)).build();
    OnnxNode read = new OnnxNode(node, 18);
    assertTrue(
        assertThrows(IllegalArgumentException.class, read::requireAllRead)
            .getMessage()
            .startsWith("Node 'Relu_v0' (Relu) has the attribute 'new'"));
  }

  private static void assertRefused(ModelProto model, String message) {
    String output = model.getGraph().getOutput(0).getName();
    long[] shape =
        model.getGraph().getInput(0).getType().getTensorType().getShape().getDimList().stream()
            .mapToLong(dimension -> dimension.getDimValue())
            .toArray();
    GraphTask task =
        new GraphTask(
            model,
            List.of(),
            List.of(output),
            new float[] {1},
            Optional.empty(),
            0,
            true,
            ForeignGraph.feed(1, -1, 1, shape),
            1);
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      String found =
          assertThrows(IllegalArgumentException.class, () -> new GraphImport(tf, task))
              .getMessage();
      assertTrue(found.startsWith(message), found);
    }
  }
}

package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.PortableModels;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.SubBitSessions;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.evaluation.ModelInputs;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.zoo.Zoo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.tribuo.Example;
import org.tribuo.Model;
import org.tribuo.classification.Label;

/**
 * Models for other tools, each as Subbit exports it, with inlined functions and plain: one for each
 * operator and some small networks with 64 images. The folder holds them as {@code run.py} expects.
 */
final class ToolCases {

  /** Images of a network. */
  static final int IMAGES = 64;

  /** The forms that a model is written in. */
  enum Form {
    EXPORTED("as exported"),
    INLINED("`--inline`"),
    PLAIN("`--plain`");

    private final String title;

    Form(String title) {
      this.title = title;
    }

    /** What documents call it. */
    String title() {
      return title;
    }
  }

  /** The kinds of networks, each with networks of today's and of the first exporter's layers. */
  enum Kind {
    REAL("real", List.of("tiny-pools")),
    BINARY("binary", List.of("tiny-binary")),
    EIGHT_BIT("8-bit", List.of("tiny-integer", "tiny-blocks")),
    INTEGER("integer", List.of("tiny-network", "tiny-chain"));

    private final String title;
    private final List<String> networks;

    Kind(String title, List<String> networks) {
      this.title = title;
      this.networks = networks;
    }

    String title() {
      return title;
    }

    /** The networks as cases. */
    List<String> cases(Form form) {
      return networks.stream().map(name -> name + "-" + form).toList();
    }
  }

  /** The zoo's models for {@link #writeZoo}: one of each kind of activations. */
  static final List<String> ZOO =
      List.of("fashion-mnist-real-tau5", "fashion-mnist-binary-tau5", "fashion-mnist-int8-tau5");

  private static final Path DATA = Path.of("data", "fashion-mnist");
  private static final Path STORED = Path.of("..", "plugin/model/src/test/resources/stored");
  private static final int CLASSES = 4;
  private static final int CHANNELS = 24;
  private static final int SIZE = 12;
  private static final int TAU = 5;

  /** Below this difference of logits, rounding may decide which of two labels an image gets. */
  private static final float CLEAR = 0.05f;

  private final Path folder;
  private final Map<String, byte[]> expected = new HashMap<>();
  private final List<String> lines = new ArrayList<>();

  private ToolCases(Path folder) {
    this.folder = folder;
  }

  /** Writes all cases into a folder. */
  static ToolCases write(Path folder) throws IOException, OrtException {
    ToolCases cases = new ToolCases(folder);
    for (SubBitOperator operator : SubBitOperator.values()) {
      cases.addOperator(operator);
    }
    cases.addBothForms(
        ToolCases::stagesInEightBits,
        SmallModels.stagesInEightBits(TAU, CHANNELS, SIZE),
        SubBitOperator.Q_LINEAR_SUB_BIT_CONV);
    for (Kind kind : Kind.values()) {
      for (String network : kind.networks) {
        cases.addNetwork(network);
      }
    }
    Files.write(folder.resolve("cases.txt"), cases.lines);
    return cases;
  }

  /**
   * Writes models of the zoo into a folder, in the forms without functions, with the first 64 test
   * images of their data set, whatever their labels.
   */
  static ToolCases writeZoo(Path folder) throws IOException, OrtException {
    ToolCases cases = new ToolCases(Files.createDirectories(folder));
    for (String name : ZOO) {
      try (SubBitModel model = Zoo.load(name)) {
        cases.addZooModel(name, model);
      }
    }
    Files.write(folder.resolve("cases.txt"), cases.lines);
    return cases;
  }

  private void addZooModel(String name, SubBitModel model) throws IOException, OrtException {
    List<Example<Label>> examples = new ArrayList<>();
    for (Example<Label> example :
        new IdxImageSource(
            DATA.resolve("t10k-images-idx3-ubyte.gz"), DATA.resolve("t10k-labels-idx1-ubyte.gz"))) {
      if (examples.size() < IMAGES) {
        examples.add(example);
      }
    }
    float[][] images = new ModelInputs(examples, model.pixels()).batches().get(0);
    try (OnnxTensor x = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), images)) {
      byte[] output = run(model.exportONNXModel("test", 1), x);
      add(name + "-" + Form.INLINED, model.exportInlined("test", 1), x, output);
      add(name + "-" + Form.PLAIN, model.exportPlain("test", 1), x, output);
    }
  }

  /** What ONNX Runtime gives for a case in Java, from the function bodies of the exported model. */
  byte[] expected(String name) {
    return expected.get(name);
  }

  /** The case of a convolution of several stages in 8 bits, exported or inlined. */
  static String stagesInEightBits(Form form) {
    return "StagesInEightBits-" + form;
  }

  /** The case of an operator, exported or inlined. */
  static String operator(SubBitOperator operator, Form form) {
    return operator.opType() + "-" + form;
  }

  private void addOperator(SubBitOperator operator) throws IOException, OrtException {
    ModelProto model = SmallModels.of(operator, TAU, CHANNELS, SIZE);
    addBothForms(form -> operator(operator, form), model, operator);
  }

  /** A model as exported and inlined, with the input of an operator. */
  private void addBothForms(Function<Form, String> name, ModelProto model, SubBitOperator inputOf)
      throws IOException, OrtException {
    try (OnnxTensor x = SmallModels.input(inputOf, CHANNELS, SIZE)) {
      byte[] output = run(model, x);
      add(name.apply(Form.EXPORTED), model, x, output);
      add(name.apply(Form.INLINED), PortableModels.inlined(model), x, output);
    }
  }

  private void addNetwork(String name) throws IOException, OrtException {
    try (SubBitModel model =
        (SubBitModel) Model.deserializeFromFile(STORED.resolve(name + "-v0.sbm"))) {
      int[] positions = model.pixels().positions();
      float[][] many = images(positions.length);
      TrainedNetwork network =
          centred(model.network(), logits(export(model.network(), positions, Form.EXPORTED), many));
      ModelProto exported = export(network, positions, Form.EXPORTED);
      float[][] images = clear(many, logits(exported, many));
      try (OnnxTensor x = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), images)) {
        byte[] output = run(exported, x);
        for (Form form : Form.values()) {
          add(name + "-" + form, export(network, positions, form), x, output);
        }
      }
    }
  }

  private void add(String name, ModelProto model, OnnxTensor x, byte[] output) throws IOException {
    TensorInfo info = x.getInfo();
    ByteBuffer values = x.getByteBuffer();
    byte[] input = new byte[values.remaining()];
    values.get(input);
    Files.write(folder.resolve(name + ".input"), input);
    Files.write(folder.resolve(name + ".onnx"), model.toByteArray());
    lines.add(
        String.join(
            " ",
            name,
            info.type == ai.onnxruntime.OnnxJavaType.FLOAT ? "float32" : "uint8",
            Arrays.stream(info.getShape())
                .mapToObj(Long::toString)
                .collect(Collectors.joining("x")),
            name + ".input"));
    expected.put(name, output);
  }

  /**
   * Exports a network that gives logits, which tools must agree on before a softmax rounds them.
   */
  private static ModelProto export(TrainedNetwork network, int[] positions, Form form) {
    ModelProto.Builder model =
        switch (form) {
          case EXPORTED -> OnnxExporter.export(network, positions).toBuilder();
          case INLINED -> OnnxExporter.exportInlined(network, positions).toBuilder();
          case PLAIN -> OnnxExporter.exportPlain(network, positions).toBuilder();
        };
    int last = model.getGraph().getNodeCount() - 1;
    NodeProto softmax = model.getGraph().getNode(last);
    assertTrue(softmax.getOpType().equals("Softmax"), softmax::toString);
    model.getGraphBuilder().removeNode(last).getOutputBuilder(0).setName(softmax.getInput(0));
    return model.build();
  }

  /** The network with the mean of its logits taken off, so that every label occurs. */
  private static TrainedNetwork centred(TrainedNetwork network, float[][] logits) {
    Map<String, float[]> floats = new HashMap<>(network.floats());
    String bias = network.network().output().name() + "/bias";
    float[] values = floats.get(bias).clone();
    for (float[] image : logits) {
      for (int k = 0; k < CLASSES; k++) {
        values[k] -= image[k] / logits.length;
      }
    }
    floats.put(bias, values);
    return new TrainedNetwork(
        network.network(), floats, network.packed(), network.ranges(), network.integers());
  }

  /** Images of different brightness, each with a gradient and noise. */
  private static float[][] images(int pixels) {
    Random random = new Random(5);
    float[][] images = new float[16 * IMAGES][pixels];
    for (float[] image : images) {
      int base = random.nextInt(256);
      int slope = random.nextInt(41) - 20;
      for (int i = 0; i < pixels; i++) {
        int value = base + slope * (i - pixels / 2) + random.nextInt(101) - 50;
        image[i] = Math.max(0, Math.min(255, value));
      }
    }
    return images;
  }

  /** The first 64 images whose label does not depend on rounding. */
  private static float[][] clear(float[][] images, float[][] logits) {
    List<float[]> clear = new ArrayList<>();
    boolean[] labels = new boolean[CLASSES];
    for (int i = 0; i < images.length && clear.size() < IMAGES; i++) {
      float[] sorted = logits[i].clone();
      Arrays.sort(sorted);
      if (sorted[CLASSES - 1] - sorted[CLASSES - 2] >= CLEAR) {
        clear.add(images[i]);
        labels[label(logits[i])] = true;
      }
    }
    assertTrue(clear.size() == IMAGES && labels[0] && labels[1], Arrays.toString(labels));
    return clear.toArray(new float[0][]);
  }

  private static int label(float[] logits) {
    int best = 0;
    for (int k = 1; k < logits.length; k++) {
      best = logits[k] > logits[best] ? k : best;
    }
    return best;
  }

  /** How many images get the same label from two outputs of a network. */
  static int sameLabels(byte[] one, byte[] other) {
    float[][] first = rows(one, IMAGES);
    float[][] second = rows(other, IMAGES);
    int same = 0;
    for (int i = 0; i < IMAGES; i++) {
      same += label(first[i]) == label(second[i]) ? 1 : 0;
    }
    return same;
  }

  private static float[][] rows(byte[] output, int images) {
    FloatBuffer floats = ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[][] rows = new float[images][floats.remaining() / images];
    for (float[] row : rows) {
      floats.get(row);
    }
    return rows;
  }

  private static float[][] logits(ModelProto model, float[][] images) throws OrtException {
    try (OnnxTensor x = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), images)) {
      return rows(run(model, x), images.length);
    }
  }

  /** Runs a model on its function bodies in Java; returns its first output. */
  static byte[] run(ModelProto model, OnnxTensor x) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      ExecutionBackend.named("onnxruntime").configure(options, Map.of());
      try (OrtSession session = SubBitSessions.create(model.toByteArray(), options);
          OrtSession.Result result =
              session.run(Map.of(session.getInputNames().iterator().next(), x))) {
        ByteBuffer output = ((OnnxTensor) result.get(0)).getByteBuffer();
        byte[] bytes = new byte[output.remaining()];
        output.get(bytes);
        return bytes;
      }
    }
  }
}

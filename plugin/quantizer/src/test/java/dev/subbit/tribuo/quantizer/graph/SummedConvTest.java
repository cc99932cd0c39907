package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.subbit.onnx.BitPlanes;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.PortableModels;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.WeightsFunction;
import dev.subbit.onnx.WholeWeights;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A layer of several stages in 8 bits is one QLinearConv, which gives the same bits as its
 * definition on whole weights, whatever optimises or runs it.
 */
class SummedConvTest {

  /** A convolution between DequantizeLinear and QuantizeLinear, of 8-bit input and output. */
  private record Layer(
      boolean signed,
      int batch,
      int height,
      int width,
      ConvAttributes attributes,
      CodedWeights weights,
      float[] bias,
      float xScale,
      int xZero,
      float yScale,
      int yZero) {

    static Layer random(int seed) {
      Random random = new Random(seed);
      int group = 1 + random.nextInt(2) * (1 + random.nextInt(2));
      int in = 1 + random.nextInt(9);
      int out = group * (1 + random.nextInt(12));
      int stages = 2 + random.nextInt(seed % 5 == 0 ? 7 : 2);
      int tau = 1 + random.nextInt(6);
      byte[] codebook = new byte[stages * 9 << tau];
      for (int i = 0; i < codebook.length; i++) {
        codebook[i] = (byte) (random.nextBoolean() ? 1 : -1);
      }
      int plane = BitPlanes.planeBytes(out * in);
      byte[] index = new byte[stages * tau * plane];
      random.nextBytes(index);
      float[] scale = new float[stages * out];
      for (int i = 0; i < scale.length; i++) {
        scale[i] = (float) (random.nextGaussian() * Math.pow(2, -i / out));
      }
      float[] bias = new float[out];
      for (int o = 0; o < out; o++) {
        bias[o] = (float) random.nextGaussian();
      }
      int dilation = 1 + random.nextInt(2);
      int least = random.nextBoolean() ? -128 : 0;
      return new Layer(
          least < 0,
          1 + random.nextInt(2),
          5 + random.nextInt(8),
          5 + random.nextInt(20),
          new ConvAttributes(
              1 + random.nextInt(2),
              1 + random.nextInt(2),
              random.nextInt(3),
              random.nextInt(3),
              random.nextInt(3),
              random.nextInt(3),
              dilation,
              dilation,
              group),
          new CodedWeights(new long[] {out, in, 3, 3}, tau, 9, codebook, index, scale),
          bias,
          0.02f,
          least + random.nextInt(256),
          (float) (0.02 * Math.sqrt(9.0 * in) * 1.5 * random.nextFloat() + 1e-3),
          least + random.nextInt(256));
    }

    int channels() {
      return (int) weights.shape()[1] * attributes.group();
    }

    long[] shape() {
      return new long[] {batch, channels(), height, width};
    }

    DataType type() {
      return signed ? DataType.INT8 : DataType.UINT8;
    }

    byte[] x(int seed) {
      byte[] x = new byte[batch * channels() * height * width];
      new Random(seed).nextBytes(x);
      return x;
    }

    /** The float layer, between rounded values. */
    ModelProto model() {
      ConvAttributes a = attributes;
      GraphProto.Builder graph =
          GraphProto.newBuilder()
              .setName("layer")
              .addInput(OnnxProtos.value("x", type(), shape()))
              .addOutput(OnnxProtos.valueOfAnyShape("y", type()))
              .addInitializer(OnnxProtos.tensor("x_scale", new float[] {xScale}))
              .addInitializer(OnnxProtos.tensor("x_zero", type(), new byte[] {(byte) xZero}))
              .addInitializer(OnnxProtos.tensor("y_scale", new float[] {yScale}))
              .addInitializer(OnnxProtos.tensor("y_zero", type(), new byte[] {(byte) yZero}))
              .addInitializer(OnnxProtos.tensor("b", bias, bias.length))
              .addNode(node("DequantizeLinear", "xf", "x", "x_scale", "x_zero"));
      WeightsFunction.write(graph, "w", weights);
      graph
          .addNode(
              node("Conv", "c", "xf", "w", "b")
                  .addAttribute(OnnxProtos.attribute("kernel_shape", 3, 3))
                  .addAttribute(OnnxProtos.attribute("strides", a.strideHeight(), a.strideWidth()))
                  .addAttribute(
                      OnnxProtos.attribute(
                          "pads", a.padTop(), a.padLeft(), a.padBottom(), a.padRight()))
                  .addAttribute(
                      OnnxProtos.attribute("dilations", a.dilationHeight(), a.dilationWidth()))
                  .addAttribute(OnnxProtos.attribute("group", (long) a.group())))
          .addNode(node("QuantizeLinear", "y", "c", "y_scale", "y_zero"));
      return SubBitModels.ofGraph(graph.build());
    }

    private static NodeProto.Builder node(String opType, String output, String... inputs) {
      return NodeProto.newBuilder()
          .setName(output)
          .setOpType(opType)
          .addAllInput(List.of(inputs))
          .addOutput(output);
    }

    /** The definition of QLinearConv. */
    byte[] convolve(byte[] x, int[] w, float[] wScale, int[] b) {
      ConvAttributes a = attributes;
      int rows = a.outputHeight(height);
      int columns = a.outputWidth(width);
      int out = weights.rows();
      int in = (int) weights.shape()[1];
      byte[] y = new byte[batch * out * rows * columns];
      for (int i = 0; i < y.length; i++) {
        int row = i / columns % rows * a.strideHeight() - a.padTop();
        int column = i % columns * a.strideWidth() - a.padLeft();
        int o = i / columns / rows % out;
        int image = i / columns / rows / out;
        int sum = b[o];
        for (int tap = 0; tap < in * 9; tap++) {
          int c = image * channels() + o / (out / a.group()) * in + tap / 9;
          int atRow = row + tap % 9 / 3 * a.dilationHeight();
          int atColumn = column + tap % 3 * a.dilationWidth();
          if (atRow >= 0 && atRow < height && atColumn >= 0 && atColumn < width) {
            int value = x[(c * height + atRow) * width + atColumn];
            sum += ((signed ? value : value & 0xff) - xZero) * w[o * in * 9 + tap];
          }
        }
        float multiplier = xScale * wScale[o] / yScale;
        double rounded = Math.rint(sum * multiplier) + yZero;
        int least = signed ? -128 : 0;
        y[i] = (byte) Math.max(least, Math.min(least + 255, rounded));
      }
      return y;
    }
  }

  private static ModelProto integer(ModelProto model) {
    List<IntegerConv> convs = IntegerConv.of(model);
    assertEquals(List.of(), IntegerEdits.valuesWithoutRange(convs), "all ranges are given");
    return IntegerEdits.replace(model, convs, Map.of());
  }

  private static byte[] run(ModelProto model, Layer layer, byte[] x, String backend, OptLevel level)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      ExecutionBackend.named(backend).configure(options, Map.of());
      options.setOptimizationLevel(level);
      try (OrtSession session = environment.createSession(model.toByteArray(), options);
          OnnxTensor input =
              OnnxTensor.createTensor(
                  environment,
                  ByteBuffer.wrap(x),
                  layer.shape(),
                  layer.signed ? OnnxJavaType.INT8 : OnnxJavaType.UINT8);
          OrtSession.Result result = session.run(Map.of("x", input))) {
        ByteBuffer bytes = ((OnnxTensor) result.get(0)).getByteBuffer();
        byte[] y = new byte[bytes.remaining()];
        bytes.get(y);
        return y;
      }
    }
  }

  private static Map<String, TensorProto> tensors(ModelProto model) {
    Map<String, TensorProto> tensors = new HashMap<>();
    model.getGraph().getInitializerList().forEach(one -> tensors.put(one.getName(), one));
    return tensors;
  }

  private static ByteBuffer data(TensorProto tensor) {
    return tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void theSameBitsAtEveryLevelAndOnKernels(int quarter) throws OrtException {
    for (int seed = 15 * quarter; seed < 15 * quarter + 15; seed++) {
      Layer layer = Layer.random(seed);
      ModelProto model = integer(layer.model());
      assertEquals(
          List.of("SubBitWeights", "Cast", "QLinearConv"),
          model.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList());
      Map<String, TensorProto> tensors = tensors(model);
      float[] whole = WeightsFunction.read(model.getGraph().getNode(0), tensors).toDense();
      int[] w = new int[whole.length];
      for (int i = 0; i < w.length; i++) {
        w[i] = (int) whole[i];
        assertEquals(whole[i], w[i]);
        assertTrue(Math.abs(w[i]) <= WholeWeights.LARGEST, w[i] + " is too large");
      }
      NodeProto conv = model.getGraph().getNode(2);
      float[] wScale = new float[layer.bias.length];
      data(tensors.get(conv.getInput(4))).asFloatBuffer().get(wScale);
      int[] b = new int[layer.bias.length];
      data(tensors.get(conv.getInput(8))).asIntBuffer().get(b);

      byte[] x = layer.x(seed);
      byte[] expected = layer.convolve(x, w, wScale, b);
      for (OptLevel level : OptLevel.values()) {
        for (String backend : List.of("onnxruntime", "native")) {
          String what = "seed " + seed + ", " + level + ", " + backend + ": " + layer;
          assertArrayEquals(expected, run(model, layer, x, backend, level), what);
        }
      }
      for (ModelProto portable :
          List.of(PortableModels.inlined(model), PortableModels.plain(model))) {
        assertArrayEquals(
            expected, run(portable, layer, x, "onnxruntime", OptLevel.ALL_OPT), "seed " + seed);
      }
    }
  }

  @Test
  void theWeightsAreDecodedWhenAModelIsLoaded(@TempDir Path folder) throws Exception {
    ModelProto model = integer(Layer.random(3).model());
    Path optimised = folder.resolve("optimised.onnx");
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OptLevel.BASIC_OPT);
      options.setOptimizedModelFilePath(optimised.toString());
      OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options).close();
    }
    assertEquals(
        List.of("QLinearConv"),
        ModelProto.parseFrom(Files.readAllBytes(optimised)).getGraph().getNodeList().stream()
            .map(NodeProto::getOpType)
            .toList());
  }
}

package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import ai.onnxruntime.TensorInfo;
import dev.subbit.cli.bench.peer.Clock;
import dev.subbit.onnx.SubBitOps;
import dev.subbit.tribuo.export.OnnxExporter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * One side of a benchmark: a model loaded into ONNX Runtime with its inputs filled and its outputs
 * placed, both in memory outside of Java's heap, so that a run copies nothing and allocates almost
 * nothing. A dimension without a size (the batch) is 1. Not thread-safe.
 */
final class BenchSession implements Side, AutoCloseable {

  private static final long SEED = 1;

  private static final double NANOS = 1e9;
  private static final int PIXEL_VALUES = 256;

  private final byte[] model;
  private final OrtSession session;
  private final Map<String, ByteBuffer> values = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> inputs = new HashMap<>();
  private final Map<String, OnnxTensor> outputs = new LinkedHashMap<>();

  /**
   * Loads a model, with Subbit's kernels for its sub-bit operators.
   *
   * @param model the model; inputs and outputs are float or 8-bit tensors.
   * @param level how far ONNX Runtime optimises it.
   * @param threads threads of a run, see {@link BenchThreads}.
   * @throws OrtException if the model cannot be loaded.
   */
  BenchSession(ModelProto model, OptLevel level, int threads) throws OrtException {
    this.model = model.toByteArray();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      options.setOptimizationLevel(level);
      BenchThreads.configure(options, threads);
      SubBitOps.register(options);
      session = OrtEnvironment.getEnvironment().createSession(this.model, options);
    }
    SplittableRandom random = new SplittableRandom(SEED);
    for (NodeInfo input : session.getInputInfo().values()) {
      ByteBuffer memory = memory(input);
      fill(memory, input, random);
      values.put(input.getName(), memory);
      inputs.put(input.getName(), tensor(input, memory));
    }
    for (NodeInfo output : session.getOutputInfo().values()) {
      outputs.put(output.getName(), tensor(output, memory(output)));
    }
  }

  /** Runs the model once. */
  void run() throws OrtException {
    session.run(inputs, Set.of(), outputs).close();
  }

  @Override
  public double seconds(int runs, Clock clock) throws OrtException {
    long start = clock.nanos();
    for (int run = 0; run < runs; run++) {
      run();
    }
    return (clock.nanos() - start) / NANOS;
  }

  /** The bytes of the model, as it was given. */
  byte[] model() {
    return model;
  }

  /** The bytes of its inputs, by name. */
  Map<String, ByteBuffer> inputs() {
    return values;
  }

  /**
   * Says how much the outputs of the last run differ from those of another engine.
   *
   * @param others the bytes of each output, of the same model on the same inputs.
   * @return the root mean square of the differences, relative to the standard deviation of the
   *     outputs; not a number where nothing can be compared.
   */
  double differenceFrom(List<ByteBuffer> others) {
    double[] ours =
        outputs.values().stream()
            .flatMapToDouble(output -> numbers(output.getByteBuffer(), output.getInfo().type))
            .toArray();
    List<OnnxJavaType> types = outputs.values().stream().map(o -> o.getInfo().type).toList();
    double[] theirs =
        IntStream.range(0, Math.min(types.size(), others.size()))
            .boxed()
            .flatMapToDouble(i -> numbers(others.get(i), types.get(i)))
            .toArray();
    if (ours.length != theirs.length) {
      return Double.NaN;
    }
    double mean = Arrays.stream(ours).average().orElse(0);
    double spread = 0;
    double differences = 0;
    for (int i = 0; i < ours.length; i++) {
      spread += (ours[i] - mean) * (ours[i] - mean);
      differences += (ours[i] - theirs[i]) * (ours[i] - theirs[i]);
    }
    return Math.sqrt(differences / spread);
  }

  private static DoubleStream numbers(ByteBuffer bytes, OnnxJavaType type) {
    return switch (type) {
      case FLOAT -> {
        FloatBuffer floats = bytes.asFloatBuffer();
        yield IntStream.range(0, floats.limit()).mapToDouble(floats::get);
      }
      case UINT8 -> IntStream.range(0, bytes.limit()).mapToDouble(i -> bytes.get(i) & 0xff);
      default -> throw new IllegalArgumentException("Outputs of " + type + " are not compared");
    };
  }

  private static OnnxTensor tensor(NodeInfo value, ByteBuffer memory) throws OrtException {
    return OnnxTensor.createTensor(
        OrtEnvironment.getEnvironment(), memory, shape(value), type(value));
  }

  private static ByteBuffer memory(NodeInfo value) {
    long bytes = type(value).size;
    for (long dimension : shape(value)) {
      bytes = Math.multiplyExact(bytes, dimension);
    }
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
  }

  /** Pixels in the input of a network, else floats between -1 and 1 or any bytes. */
  private static void fill(ByteBuffer memory, NodeInfo input, SplittableRandom random) {
    boolean pixels = input.getName().equals(OnnxExporter.INPUT);
    if (type(input) == OnnxJavaType.FLOAT) {
      for (int i = 0; i < memory.capacity(); i += Float.BYTES) {
        memory.putFloat(
            i, pixels ? random.nextInt(PIXEL_VALUES) : (float) (2 * random.nextDouble() - 1));
      }
    } else {
      byte[] bytes = new byte[memory.capacity()];
      random.nextBytes(bytes);
      memory.put(0, bytes);
    }
  }

  private static OnnxJavaType type(NodeInfo value) {
    return ((TensorInfo) value.getInfo()).type;
  }

  private static long[] shape(NodeInfo value) {
    long[] shape = ((TensorInfo) value.getInfo()).getShape();
    for (int i = 0; i < shape.length; i++) {
      shape[i] = Math.max(1, shape[i]);
    }
    return shape;
  }

  @Override
  public void close() throws OrtException {
    session.close();
    inputs.values().forEach(OnnxTensor::close);
    outputs.values().forEach(OnnxTensor::close);
  }
}

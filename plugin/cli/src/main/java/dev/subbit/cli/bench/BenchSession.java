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
import dev.subbit.onnx.SubBitOps;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One side of a benchmark: a model loaded into ONNX Runtime with its inputs filled and its outputs
 * placed, both in memory outside of Java's heap, so that a run copies nothing and allocates almost
 * nothing. A dimension without a size (the batch) is 1. Not thread-safe.
 */
final class BenchSession implements AutoCloseable {

  private static final long SEED = 1;

  private final OrtSession session;
  private final Map<String, OnnxTensor> inputs = new HashMap<>();
  private final Map<String, OnnxTensor> outputs = new HashMap<>();

  /**
   * Loads a model, with Subbit's kernels for its sub-bit operators.
   *
   * @param model the model; inputs and outputs are float or 8-bit tensors.
   * @param level how far ONNX Runtime optimises it.
   * @param threads threads of a run, see {@link BenchThreads}.
   * @throws OrtException if the model cannot be loaded.
   */
  BenchSession(ModelProto model, OptLevel level, int threads) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      options.setOptimizationLevel(level);
      BenchThreads.configure(options, threads);
      SubBitOps.register(options);
      session = OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options);
    }
    SplittableRandom random = new SplittableRandom(SEED);
    for (NodeInfo input : session.getInputInfo().values()) {
      ByteBuffer memory = memory(input);
      fill(memory, type(input), random);
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

  /** Floats between -1 and 1, or any bytes. */
  private static void fill(ByteBuffer memory, OnnxJavaType type, SplittableRandom random) {
    if (type == OnnxJavaType.FLOAT) {
      for (int i = 0; i < memory.capacity(); i += Float.BYTES) {
        memory.putFloat(i, (float) (2 * random.nextDouble() - 1));
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

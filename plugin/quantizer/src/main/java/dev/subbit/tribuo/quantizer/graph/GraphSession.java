package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.subbit.onnx.SubBitSessions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;

/**
 * A foreign model in ONNX Runtime on the CPU. Sub-bit operators run from their function bodies,
 * since measurements must not depend on the kernels of this machine.
 */
public final class GraphSession implements AutoCloseable {

  private final OrtSession session;

  private GraphSession(OrtSession session) {
    this.session = session;
  }

  /**
   * Loads a model file as ONNX Runtime does by itself, with what it keeps in files beside it.
   *
   * @param file the file; the functions in it must have been checked, since ONNX Runtime may crash
   *     on damaged ones.
   * @return the session.
   * @throws IllegalArgumentException if ONNX Runtime refuses it; the message says why.
   */
  public static GraphSession ofFile(Path file) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      configure(options);
      return new GraphSession(
          OrtEnvironment.getEnvironment().createSession(file.toString(), options));
    } catch (OrtException e) {
      throw new IllegalArgumentException(
          "ONNX Runtime cannot load the model: " + e.getMessage(), e);
    }
  }

  /**
   * Sessions come and go with every layer, and each would keep the memory of its largest run: so
   * they take it from the system and give it back. Nor do their threads spin between runs: other
   * work of this process follows each.
   */
  private static void configure(OrtSession.SessionOptions options) throws OrtException {
    options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    options.setCPUArenaAllocator(false);
    options.setMemoryPatternOptimization(false);
    options.addConfigEntry("session.intra_op.allow_spinning", "0");
  }

  /**
   * Loads a model.
   *
   * @param model the model.
   * @throws IllegalArgumentException if ONNX Runtime refuses it; the message says why.
   */
  public GraphSession(ModelProto model) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      configure(options);
      this.session = SubBitSessions.create(model.toByteArray(), options);
    } catch (OrtException e) {
      throw new IllegalArgumentException(
          "ONNX Runtime cannot load the model: " + e.getMessage(), e);
    }
  }

  /**
   * Rows and columns of values of four dimensions, as far as the model fixes them.
   *
   * @param model the model.
   * @param values names of float32 values.
   * @return for each: rows and columns, not positive where they are not fixed.
   */
  public static Map<String, long[]> sizes(ModelProto model, List<String> values) {
    if (values.isEmpty()) {
      return Map.of();
    }
    Map<String, long[]> sizes = new HashMap<>();
    try (GraphSession session = new GraphSession(PartialModel.of(model, values))) {
      for (String value : values) {
        NodeInfo info = session.session.getOutputInfo().get(PartialModel.outputName(value));
        if (info.getInfo() instanceof TensorInfo tensor && tensor.getShape().length == 4) {
          sizes.put(value, new long[] {tensor.getShape()[2], tensor.getShape()[3]});
        }
      }
      return sizes;
    } catch (OrtException e) {
      throw new IllegalArgumentException("ONNX Runtime tells no shapes: " + e.getMessage(), e);
    }
  }

  /**
   * Runs the model on one feed.
   *
   * @param feed the inputs; tensors for inputs that the model does not have are ignored.
   * @return its outputs of numbers and truth values by name, in the model's order, as floats;
   *     others are left out.
   * @throws IllegalArgumentException if it fails on this feed.
   */
  public Map<String, FloatArray> run(Feed feed) {
    return run(feed, GraphSession::floats);
  }

  /**
   * Runs the model on one feed.
   *
   * @param feed the inputs, as above.
   * @return its outputs as they are, by name; those of a type that Java does not know are left out.
   * @throws IllegalArgumentException if it fails on this feed.
   */
  Map<String, Feed.Tensor> tensors(Feed feed) {
    return run(feed, GraphSession::copy);
  }

  private <T> Map<String, T> run(Feed feed, Function<OnnxTensor, Optional<T>> reader) {
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      for (Map.Entry<String, Feed.Tensor> input : feed.tensors().entrySet()) {
        if (session.getInputNames().contains(input.getKey())) {
          inputs.put(input.getKey(), input.getValue().toOnnx(OrtEnvironment.getEnvironment()));
        }
      }
      try (OrtSession.Result result = session.run(inputs)) {
        Map<String, T> outputs = new LinkedHashMap<>();
        for (Map.Entry<String, OnnxValue> output : result) {
          if (output.getValue() instanceof OnnxTensor tensor) {
            reader.apply(tensor).ifPresent(value -> outputs.put(output.getKey(), value));
          }
        }
        return outputs;
      }
    } catch (OrtException e) {
      throw new IllegalArgumentException(
          "The model fails on the calibration inputs: " + e.getMessage(), e);
    } finally {
      new ArrayList<>(inputs.values()).forEach(OnnxTensor::close);
    }
  }

  private static Optional<Feed.Tensor> copy(OnnxTensor tensor) {
    if (tensor.getInfo().type.size == 0) {
      return Optional.empty();
    }
    ByteBuffer data = tensor.getByteBuffer();
    ByteBuffer copy = ByteBuffer.allocateDirect(data.remaining()).order(ByteOrder.nativeOrder());
    copy.put(data).rewind();
    return Optional.of(new Feed.Tensor(tensor.getInfo().type, tensor.getInfo().getShape(), copy));
  }

  private static Optional<FloatArray> floats(OnnxTensor tensor) {
    long[] shape = tensor.getInfo().getShape();
    switch (tensor.getInfo().type) {
      case FLOAT, FLOAT16, BFLOAT16 -> {
        FloatBuffer buffer = tensor.getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return Optional.of(new FloatArray(shape, values));
      }
      case DOUBLE -> {
        DoubleBuffer buffer = tensor.getDoubleBuffer();
        return Optional.of(array(shape, buffer.remaining(), buffer::get));
      }
      case INT64 -> {
        LongBuffer buffer = tensor.getLongBuffer();
        return Optional.of(array(shape, buffer.remaining(), buffer::get));
      }
      case INT32 -> {
        IntBuffer buffer = tensor.getIntBuffer();
        return Optional.of(array(shape, buffer.remaining(), buffer::get));
      }
      case INT8, BOOL -> {
        ByteBuffer buffer = tensor.getByteBuffer();
        return Optional.of(array(shape, buffer.remaining(), buffer::get));
      }
      case UINT8 -> {
        ByteBuffer buffer = tensor.getByteBuffer();
        return Optional.of(array(shape, buffer.remaining(), i -> buffer.get(i) & 0xff));
      }
      default -> {
        return Optional.empty();
      }
    }
  }

  private static FloatArray array(long[] shape, int count, IntToDoubleFunction values) {
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = (float) values.applyAsDouble(i);
    }
    return new FloatArray(shape, floats);
  }

  /**
   * Whether an output holds numbers that are counted or truth values, which are right or wrong.
   *
   * @param output its name.
   * @return false for floats.
   */
  public boolean isDiscrete(String output) {
    try {
      return session.getOutputInfo().get(output).getInfo() instanceof TensorInfo tensor
          && switch (tensor.type) {
            case FLOAT, FLOAT16, BFLOAT16, DOUBLE -> false;
            default -> true;
          };
    } catch (OrtException e) {
      throw new IllegalArgumentException("ONNX Runtime tells no outputs: " + e.getMessage(), e);
    }
  }

  /**
   * The model's outputs.
   *
   * @return their names, in the model's order.
   */
  public List<String> outputs() {
    return List.copyOf(session.getOutputNames());
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot close the session", e);
    }
  }
}

package dev.subbit.fpga;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Opens sessions on any back end, and runs them. */
final class FpgaSessions {

  static final Map<String, String> EMULATOR = Map.of("backend", "emulator");

  private FpgaSessions() {}

  /** Opens a session on a back end. The options are closed before the session is used. */
  static OrtSession open(ModelProto model, String backend, Map<String, String> settings)
      throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      ExecutionBackend.named(backend).configure(options, settings);
      return OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options);
    }
  }

  /** Opens a session on the emulator that fails unless every node is on the device. */
  static OrtSession openWithoutCpu(ModelProto model) throws OrtException {
    return openWithoutCpu(model, EMULATOR);
  }

  /** The same on any device. */
  static OrtSession openWithoutCpu(ModelProto model, Map<String, String> settings)
      throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      new FpgaBackend().configure(options, settings);
      options.addConfigEntry("session.disable_cpu_ep_fallback", "1");
      return OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options);
    }
  }

  /** Creates a random input of the given type. */
  static OnnxTensor input(OnnxJavaType type, long seed, long... shape) throws OrtException {
    Random random = new Random(seed);
    int count = 1;
    for (long dimension : shape) {
      count *= (int) dimension;
    }
    ByteBuffer bytes = ByteBuffer.allocateDirect(count * type.size).order(ByteOrder.nativeOrder());
    if (type == OnnxJavaType.FLOAT) {
      for (int i = 0; i < count; i++) {
        bytes.putFloat((float) random.nextGaussian());
      }
    } else {
      byte[] values = new byte[count];
      random.nextBytes(values);
      bytes.put(values);
    }
    bytes.flip();
    return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), bytes, shape, type);
  }

  /** The type of a model's input. Java numbers the types differently from the ONNX format. */
  static OnnxJavaType inputType(ModelProto model) {
    int type = model.getGraph().getInput(0).getType().getTensorType().getElemType();
    return switch (TensorProto.DataType.forNumber(type)) {
      case FLOAT -> OnnxJavaType.FLOAT;
      case UINT8 -> OnnxJavaType.UINT8;
      case INT8 -> OnnxJavaType.INT8;
      default -> throw new IllegalArgumentException("Inputs of type " + type);
    };
  }

  /** Runs a session and returns the bits of its only output. */
  static ByteBuffer run(OrtSession session, OnnxTensor input) throws OrtException {
    try (OrtSession.Result result = session.run(Map.of(TestModels.INPUT, input))) {
      OnnxTensor output = (OnnxTensor) result.get(0);
      ByteBuffer source = output.getByteBuffer();
      ByteBuffer bytes = ByteBuffer.allocate(source.remaining());
      bytes.put(source);
      return bytes.flip();
    }
  }

  /** Lists the provider of every node that ran in a session with profiling. */
  static List<String> providers(OrtSession session) throws OrtException, IOException {
    List<String> providers = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(session.endProfiling()))) {
      if (line.contains("_kernel_time")) {
        providers.add(line.replaceAll(".*\"provider\" ?: ?\"([^\"]*)\".*", "$1"));
      }
    }
    return providers;
  }
}

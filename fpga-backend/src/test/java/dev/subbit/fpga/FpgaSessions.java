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

/** Opens and runs sessions on any back end. */
final class FpgaSessions {

  static final Map<String, String> EMULATOR = Map.of("backend", "emulator");

  private FpgaSessions() {}

  /** A session on a back end; the options are closed before it is used. */
  static OrtSession open(ModelProto model, String backend, Map<String, String> settings)
      throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      ExecutionBackend.named(backend).configure(options, settings);
      return OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options);
    }
  }

  /** A session on the emulator of which every node must be on a device. */
  static OrtSession openWithoutCpu(ModelProto model) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      new FpgaBackend().configure(options, EMULATOR);
      options.addConfigEntry("session.disable_cpu_ep_fallback", "1");
      return OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options);
    }
  }

  /** A random input of the session's type. */
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

  /** The type of a model's input. Java's own numbers of types are not those of the format. */
  static OnnxJavaType inputType(ModelProto model) {
    int type = model.getGraph().getInput(0).getType().getTensorType().getElemType();
    return switch (TensorProto.DataType.forNumber(type)) {
      case FLOAT -> OnnxJavaType.FLOAT;
      case UINT8 -> OnnxJavaType.UINT8;
      case INT8 -> OnnxJavaType.INT8;
      default -> throw new IllegalArgumentException("Inputs of type " + type);
    };
  }

  /** The bits of a session's one output. */
  static ByteBuffer run(OrtSession session, OnnxTensor input) throws OrtException {
    try (OrtSession.Result result = session.run(Map.of(TestModels.INPUT, input))) {
      OnnxTensor output = (OnnxTensor) result.get(0);
      ByteBuffer source = output.getByteBuffer();
      ByteBuffer bytes = ByteBuffer.allocate(source.remaining());
      bytes.put(source);
      return bytes.flip();
    }
  }

  /** The providers of the nodes that ran in a session with profiling, node by node. */
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

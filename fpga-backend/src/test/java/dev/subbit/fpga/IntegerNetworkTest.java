package dev.subbit.fpga;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend.LayerTiming;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Integer networks, which a device with their layers runs whole, from pixels to logits. */
class IntegerNetworkTest {

  private static final Map<String, String> TABLES = Map.of("backend", "emulator:tables");

  @ParameterizedTest
  @ValueSource(strings = {"UINT8", "FLOAT"})
  void givesTheBitsOfTheFunctionBodies(DataType type) throws OrtException {
    ModelProto model = IntegerModels.ofImages(IntegerModels.residual(1), type);
    // More images than the parts in which a request goes through the device.
    try (OnnxTensor pixels = pixels(type, 9, 3, 33, 26);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession kernels = FpgaSessions.open(model, "native", Map.of());
        OrtSession device = FpgaSessions.openWithoutCpu(model, TABLES)) {
      ByteBuffer expected = FpgaSessions.run(bodies, pixels);
      assertEquals(expected, FpgaSessions.run(kernels, pixels), "kernels");
      assertEquals(expected, FpgaSessions.run(device, pixels), "device");
    }
  }

  @Test
  void givesTheBitsOfTheFunctionBodiesOnTheHardwareDescription() throws OrtException {
    ModelProto model = IntegerModels.ofImages(IntegerModels.residual(8), DataType.UINT8);
    try (OnnxTensor pixels = pixels(DataType.UINT8, 5, 3, 14, 19);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession device = FpgaSessions.openWithoutCpu(model, Map.of("backend", "rtl:tables"))) {
      assertEquals(FpgaSessions.run(bodies, pixels), FpgaSessions.run(device, pixels));
    }
  }

  @Test
  void isOneRequest(@TempDir Path folder) throws OrtException, IOException {
    ModelProto model = IntegerModels.ofImages(IntegerModels.residual(2), DataType.UINT8);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      FpgaBackend backend = new FpgaBackend();
      backend.configure(options, TABLES);
      options.enableProfiling(folder.resolve("profile").toString());
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      try (OrtSession session = environment.createSession(model.toByteArray(), options);
          OnnxTensor pixels = pixels(DataType.UINT8, 1, 3, 16, 16)) {
        backend.drainTimings();
        FpgaSessions.run(session, pixels);
        assertEquals(List.of("SubBitFpga"), FpgaSessions.providers(session));
        List<LayerTiming> timings = backend.drainTimings();
        assertEquals(
            List.of(
                "IntegerStem",
                "IntegerSubBitBlock",
                "IntegerShortcut",
                "IntegerSubBitBlock",
                "IntegerSubBitBlock",
                "IntegerClassifier"),
            timings.stream().map(LayerTiming::operator).toList());
        assertTrue(timings.stream().allMatch(timing -> timing.cycles() > 0), timings.toString());
      }
    }
  }

  @Test
  void takesTheReshapeThatMakesImagesOfFeatures() throws OrtException {
    ModelProto model = IntegerModels.ofFeatures(IntegerModels.residual(3), 18, 21);
    try (OnnxTensor pixels = pixels(DataType.FLOAT, 4, 3 * 18 * 21);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession device = FpgaSessions.openWithoutCpu(model, TABLES)) {
      assertEquals(FpgaSessions.run(bodies, pixels), FpgaSessions.run(device, pixels));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"emulator", "emulator:shared"})
  void runsOnItsFunctionBodyOnDevicesWithoutItsLayers(String backend) throws OrtException {
    ModelProto model = IntegerModels.ofImages(IntegerModels.residual(4), DataType.UINT8);
    Map<String, String> settings = Map.of("backend", backend);
    assertThrows(OrtException.class, () -> FpgaSessions.openWithoutCpu(model, settings));
    try (OnnxTensor pixels = pixels(DataType.UINT8, 2, 3, 12, 12);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession device = FpgaSessions.open(model, "fpga", settings)) {
      assertEquals(FpgaSessions.run(bodies, pixels), FpgaSessions.run(device, pixels));
    }
  }

  @Test
  void runsOnItsFunctionBodyIfADeviceHasNotAllOfItsLayers() throws OrtException {
    ModelProto model = IntegerModels.ofImages(IntegerModels.pooled(5), DataType.UINT8);
    assertThrows(OrtException.class, () -> FpgaSessions.openWithoutCpu(model, TABLES));
    try (OnnxTensor pixels = pixels(DataType.UINT8, 2, 3, 12, 12);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession device = FpgaSessions.open(model, "fpga", TABLES)) {
      assertEquals(FpgaSessions.run(bodies, pixels), FpgaSessions.run(device, pixels));
    }
  }

  /** The device has rows of 256 pixels at most; a node is claimed before its images are known. */
  @Test
  void imagesThatTheDeviceCannotHoldFailOrRunOnTheCpu() throws OrtException {
    ModelProto model = IntegerModels.ofImages(IntegerModels.residual(6), DataType.FLOAT);
    try (OnnxTensor wide = pixels(DataType.FLOAT, 1, 3, 9, 260);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession strict = FpgaSessions.openWithoutCpu(model, TABLES);
        OrtSession lenient =
            FpgaSessions.open(
                model, "fpga", Map.of("backend", "emulator:tables", "fallback", "cpu"))) {
      OrtException error = assertThrows(OrtException.class, () -> FpgaSessions.run(strict, wide));
      assertTrue(error.getMessage().contains("network"), error.getMessage());
      assertEquals(FpgaFault.UNSUPPORTED, FpgaFault.of(error).orElseThrow());
      assertEquals(FpgaSessions.run(bodies, wide), FpgaSessions.run(lenient, wide));
    }
  }

  @Test
  void imagesOfTheWrongShapeAreNamed() throws OrtException {
    ModelProto model = IntegerModels.ofImages(IntegerModels.residual(7), DataType.UINT8);
    try (OrtSession device = FpgaSessions.openWithoutCpu(model, TABLES);
        OnnxTensor nothing = pixels(DataType.UINT8, 0, 3, 9, 9);
        OnnxTensor small = pixels(DataType.UINT8, 1, 3, 0, 9)) {
      assertEquals(0, FpgaSessions.run(device, nothing).remaining());
      OrtException error = assertThrows(OrtException.class, () -> FpgaSessions.run(device, small));
      assertTrue(error.getMessage().contains("shape of X"), error.getMessage());
    }
  }

  private static OnnxTensor pixels(DataType type, long... shape) throws OrtException {
    if (type == DataType.UINT8) {
      return FpgaSessions.input(OnnxJavaType.UINT8, 1, shape);
    }
    int count = 1;
    for (long length : shape) {
      count *= (int) length;
    }
    Random random = new Random(2);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      // Halves, and values that are no pixels.
      values[i] = random.nextInt(530) / 2f - 2;
    }
    return OnnxTensor.createTensor(
        OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), shape);
  }
}

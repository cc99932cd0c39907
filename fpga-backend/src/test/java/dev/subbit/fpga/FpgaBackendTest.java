package dev.subbit.fpga;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend.LayerTiming;
import dev.subbit.onnx.ExecutionBackend.TimingKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FpgaBackendTest {

  static Stream<Arguments> models() {
    List<Arguments> models = new ArrayList<>();
    for (int tau : new int[] {1, 4, 5, 6, 7, 9}) {
      models.add(Arguments.of("binary", tau, TestModels.binary(tau, tau), OnnxJavaType.FLOAT));
      models.add(
          Arguments.of("uint8", tau, TestModels.qLinear(false, tau, tau), OnnxJavaType.UINT8));
      models.add(Arguments.of("int8", tau, TestModels.qLinear(true, tau, tau), OnnxJavaType.INT8));
    }
    return models.stream();
  }

  @ParameterizedTest(name = "{0}, tau {1}")
  @MethodSource("models")
  void givesTheBitsOfTheFunctionBodiesAndTheKernels(
      String name, int tau, ModelProto model, OnnxJavaType type) throws OrtException {
    try (OnnxTensor input = FpgaSessions.input(type, tau, 3, 3, 13, 17);
        OrtSession device = FpgaSessions.openWithoutCpu(model);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession kernels = FpgaSessions.open(model, "native", Map.of())) {
      ByteBuffer expected = FpgaSessions.run(bodies, input);
      assertEquals(expected, FpgaSessions.run(device, input));
      assertEquals(expected, FpgaSessions.run(kernels, input));
    }
  }

  @Test
  void everyConvolutionRunsOnTheProviderAndEightBitOnesAsOneChain(@TempDir Path folder)
      throws OrtException, IOException {
    for (ModelProto model : List.of(TestModels.qLinear(false, 5, 1), TestModels.binary(5, 1))) {
      boolean binary = model.getGraph().getName().equals("binary");
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        new FpgaBackend().configure(options, FpgaSessions.EMULATOR);
        options.enableProfiling(folder.resolve("profile").toString());
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(model.toByteArray(), options);
            OnnxTensor input =
                FpgaSessions.input(
                    binary ? OnnxJavaType.FLOAT : OnnxJavaType.UINT8, 1, 1, 3, 9, 9)) {
          FpgaSessions.run(session, input);
          assertEquals(
              Collections.nCopies(binary ? 3 : 1, "SubBitFpga"), FpgaSessions.providers(session));
        }
      }
    }
  }

  @Test
  void theConvolutionInABlocksFunctionBodyRunsOnTheProvider(@TempDir Path folder)
      throws OrtException, IOException {
    ModelProto model = TestModels.blocks(5, 1);
    FpgaBackend backend = new FpgaBackend();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        OnnxTensor input = FpgaSessions.input(OnnxJavaType.FLOAT, 1, 2, 16, 9, 8);
        OrtSession bodies = FpgaSessions.open(model, "onnxruntime", Map.of());
        OrtSession kernels = FpgaSessions.open(model, "native", Map.of())) {
      backend.configure(options, FpgaSessions.EMULATOR);
      options.enableProfiling(folder.resolve("profile").toString());
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      try (OrtSession device = environment.createSession(model.toByteArray(), options)) {
        backend.drainTimings();
        ByteBuffer expected = FpgaSessions.run(bodies, input);
        assertEquals(expected, FpgaSessions.run(kernels, input));
        assertEquals(expected, FpgaSessions.run(device, input));
        assertEquals(2, Collections.frequency(FpgaSessions.providers(device), "SubBitFpga"));
        List<String> nodes = backend.drainTimings().stream().map(LayerTiming::node).toList();
        assertEquals(List.of("block0", "block1"), nodes);
      }
    }
  }

  @Test
  void countsCyclesOfEveryNodeAndRun() throws OrtException {
    FpgaBackend backend = new FpgaBackend();
    try (OrtSession session = FpgaSessions.openWithoutCpu(TestModels.qLinear(false, 5, 2));
        OnnxTensor input = FpgaSessions.input(OnnxJavaType.UINT8, 2, 2, 3, 9, 10)) {
      backend.drainTimings();
      FpgaSessions.run(session, input);
      // First 2 images of 9x10 with 3 input and 8 output channels: direct mode. Then 5x5 output
      // pixels with 8 input and 80 output channels: max(32, 80 / 4) cycles instead of 80. Then 2x3
      // output pixels with 80 input channels, in groups of 3 output channels: direct mode.
      List<LayerTiming> timings = backend.drainTimings();
      assertEquals(3, timings.size());
      assertTiming("q0", 2 * 9 * 10 * 3 * 8, 2 * 9 * 10 * 3 * 8, timings.get(0));
      assertTiming("q1", 2 * 5 * 5 * 8 * 32, 2 * 5 * 5 * 8 * 80, timings.get(1));
      assertTiming("q2", 2 * 2 * 3 * 80 * 3, 2 * 2 * 3 * 80 * 3, timings.get(2));
      assertEquals(List.of(), backend.drainTimings());
    }
  }

  /** Loading and writing back take cycles too, up to 8000 for layers as small as these. */
  private static void assertTiming(
      String node, long computing, long bnnComputing, LayerTiming timing) {
    assertEquals(node, timing.node());
    assertEquals("QLinearSubBitConv", timing.operator());
    assertEquals(5, timing.tau());
    assertEquals(TimingKind.MODELLED, timing.kind());
    assertTrue(
        timing.cycles() > computing && timing.cycles() < computing + 8000, timing.toString());
    assertTrue(
        timing.bnnCycles() > bnnComputing && timing.bnnCycles() < bnnComputing + 8000,
        timing.toString());
  }

  @ParameterizedTest(name = "{0}, tau {1}")
  @MethodSource("models")
  void theSimulationGivesTheSameBitsAndLeavesGroupsToTheCpu(
      String name, int tau, ModelProto model, OnnxJavaType type) throws OrtException {
    for (String backendName : List.of("rtl", "rtl:shared")) {
      Map<String, String> settings = Map.of("backend", backendName);
      try (OnnxTensor input = FpgaSessions.input(type, tau, 1, 3, 13, 17);
          OrtSession simulation = FpgaSessions.open(model, "fpga", settings);
          OrtSession kernels = FpgaSessions.open(model, "native", Map.of())) {
        FpgaBackend backend = new FpgaBackend();
        backend.drainTimings();
        assertEquals(FpgaSessions.run(kernels, input), FpgaSessions.run(simulation, input));
        List<LayerTiming> timings = backend.drainTimings();
        // The third convolution of the 8-bit models has groups, which the simulated device cannot
        // run.
        assertEquals(name.equals("binary") ? 3 : 2, timings.size(), timings.toString());
        for (LayerTiming timing : timings) {
          assertEquals(TimingKind.SIMULATED, timing.kind());
        }
      }
    }
  }

  @Test
  void eightThreadsShareOneSession() throws Exception {
    try (OrtSession session = FpgaSessions.openWithoutCpu(TestModels.binary(5, 3));
        OnnxTensor input = FpgaSessions.input(OnnxJavaType.FLOAT, 3, 2, 3, 12, 12)) {
      ByteBuffer expected = FpgaSessions.run(session, input);
      ExecutorService threads = Executors.newFixedThreadPool(8);
      try {
        List<Future<Void>> runs = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
          runs.add(
              threads.submit(
                  () -> {
                    for (int run = 0; run < 25; run++) {
                      assertEquals(expected, FpgaSessions.run(session, input));
                    }
                    return null;
                  }));
        }
        for (Future<Void> run : runs) {
          run.get();
        }
      } finally {
        threads.shutdown();
      }
    }
  }

  @Test
  void twoHundredSessionsOpenAndClose() throws OrtException {
    ModelProto model = TestModels.qLinear(true, 4, 4);
    try (OnnxTensor input = FpgaSessions.input(OnnxJavaType.INT8, 4, 1, 3, 8, 8)) {
      ByteBuffer expected = null;
      for (int i = 0; i < 200; i++) {
        try (OrtSession session = FpgaSessions.openWithoutCpu(model)) {
          ByteBuffer result = FpgaSessions.run(session, input);
          assertTrue(expected == null || expected.equals(result), "session " + i);
          expected = result;
        }
      }
    }
  }
}

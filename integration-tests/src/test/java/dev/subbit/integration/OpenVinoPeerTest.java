package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.cli.bench.peer.Clock;
import dev.subbit.cli.bench.peer.OpenVino;
import dev.subbit.cli.bench.peer.PeerProcess;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The benchmarks' peer in OpenVINO itself. Where it cannot be had, the test is skipped, or fails in
 * continuous integration ({@code CI=true}).
 */
class OpenVinoPeerTest {

  private static final byte[] NEGATION =
      SubBitModels.ofGraph(
              GraphProto.newBuilder()
                  .setName("negation")
                  .addInput(OnnxProtos.value("x", DataType.FLOAT, 1, 2))
                  .addNode(NodeProto.newBuilder().setOpType("Neg").addInput("x").addOutput("y"))
                  .addOutput(OnnxProtos.value("y", DataType.FLOAT, 1, 2))
                  .build())
          .toByteArray();

  private static final Map<String, ByteBuffer> INPUTS =
      Map.of(
          "x",
          ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putFloat(0, 3).putFloat(4, -0.5f));

  @Test
  void modelsRunOnTheInputsThatAreGiven() throws IOException {
    try (PeerProcess peer = start()) {
      assertTrue(peer.version().matches("OpenVINO \\d+\\.\\d+\\.\\d+"), peer.version());
      assertThrows(IOException.class, () -> peer.load(new byte[] {1, 2}, 1, INPUTS));
      PeerProcess.Model model = peer.load(NEGATION, 1, INPUTS);
      List<ByteBuffer> outputs = model.outputs();
      assertEquals(1, outputs.size());
      assertEquals(-3, outputs.get(0).getFloat(0));
      assertEquals(0.5f, outputs.get(0).getFloat(4));
      for (Clock clock : Clock.values()) {
        double seconds = model.seconds(100, clock);
        assertTrue(seconds > 0 && seconds < 10, clock + ": " + seconds);
      }
    }
  }

  private static PeerProcess start() {
    try {
      return OpenVino.start(System.out::println);
    } catch (IOException e) {
      assertNotEquals("true", System.getenv("CI"), "CI needs OpenVINO: " + e.getMessage());
      return abort("No OpenVINO here: " + e.getMessage());
    }
  }
}

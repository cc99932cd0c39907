package dev.subbit.cli.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PeerProcessTest {

  /** y = -x, for two numbers. */
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
  void modelsRunOnTheInputsThatAreGivenAndByThePeersClock() throws IOException {
    try (PeerProcess peer = PeerProcess.start(FakePeer.command("honest"))) {
      assertEquals("Fake 1.2", peer.version());
      PeerProcess.Model first = peer.load(NEGATION, 1, INPUTS);
      PeerProcess.Model second = peer.load(NEGATION, 1, INPUTS);
      assertEquals(1, first.seconds(1, Clock.WALL));
      assertEquals(8, second.seconds(4, Clock.PROCESSOR));
      List<ByteBuffer> outputs = second.outputs();
      assertEquals(1, outputs.size());
      assertEquals(-3, outputs.get(0).getFloat(0));
      assertEquals(0.5f, outputs.get(0).getFloat(4));
    }
  }

  @Test
  void aModelThatThePeerRefusesDoesNotEndIt() throws IOException {
    try (PeerProcess peer = PeerProcess.start(FakePeer.command("honest"))) {
      IOException refused =
          assertThrows(IOException.class, () -> peer.load(new byte[] {1, 2}, 1, INPUTS));
      assertTrue(refused.getMessage().startsWith("The fake failed: "), refused.getMessage());
      assertEquals(2, peer.load(NEGATION, 1, INPUTS).seconds(1, Clock.WALL));
    }
  }

  @Test
  void aProcessThatEndsIsQuoted() {
    IOException ended =
        assertThrows(IOException.class, () -> PeerProcess.start(FakePeer.command("broken")));
    assertTrue(ended.getMessage().contains("no such engine"), ended.getMessage());
    assertThrows(IOException.class, () -> PeerProcess.start(List.of("./no-such-program")));
  }
}

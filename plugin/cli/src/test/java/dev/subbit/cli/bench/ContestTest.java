package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.bench.peer.Clock;
import dev.subbit.cli.bench.peer.FakePeer;
import dev.subbit.cli.bench.peer.PeerProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ContestTest {

  private static final LayerShape LAYER = new LayerShape("resnet20", 8, 64, 2);

  private final List<String> notes = new ArrayList<>();

  @Test
  void aPeerInAnotherProcessTakesItsTurnsAndPaysNoCall() throws Exception {
    Map<String, Object> row = measuredBeside("honest");
    // The fake's models are the one that does nothing (1 s), the floats (2 s) and the 8 bits (3 s);
    // two layers share a model.
    assertEquals(1e6 * (2 - 1) / 2, row.get("openvino_fp32_us"));
    assertEquals(1e6 * (3 - 1) / 2, row.get("openvino_int8_us"));
    assertEquals(1e6, row.get("openvino_call_us"));
    assertEquals(
        2.0, (double) row.get("times_openvino_int8") / (double) row.get("times_openvino_fp32"));
    assertEquals(List.of(), notes);
  }

  @Test
  void aPeerThatComputesSomethingElseIsLeftOutAndNamed() throws Exception {
    Map<String, Object> row = measuredBeside("nonsense");
    assertTrue(row.containsKey("openvino_fp32_us"));
    assertNull(row.get("openvino_fp32_us"));
    assertNull(row.get("times_openvino_int8"));
    assertNotNull(row.get("ort_int8_us"));
    assertEquals(2, notes.size(), notes.toString());
    assertTrue(
        notes.get(1).startsWith("8x8x64: openvino int8 is left out, because its outputs differ"),
        notes.get(1));
  }

  private Map<String, Object> measuredBeside(String mode) throws Exception {
    try (PeerProcess fake = PeerProcess.start(FakePeer.command(mode))) {
      Contest.Rules rules =
          new Contest.Rules(
              List.of(5),
              List.of(1),
              new Rounds(2, 1e-4, Clock.PROCESSOR),
              Optional.of(fake),
              notes::add);
      List<BenchRow> rows = LAYER.contest(List.of(LayerOperator.BINARY)).run(rules);
      assertEquals(1, rows.size());
      return rows.get(0).fields();
    }
  }
}

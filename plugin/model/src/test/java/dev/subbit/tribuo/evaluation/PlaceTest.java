package dev.subbit.tribuo.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PlaceTest {

  @Test
  void isABackEndOrADevice() {
    assertEquals(Place.EMULATOR, Place.named("emulator"));
    assertEquals(Place.KERNELS, Place.named("native"));
    assertEquals(Place.BODIES, Place.named("onnxruntime"));
  }

  @Test
  void aSimulationHasTime() {
    assertTrue(Integer.parseInt(Place.named("rtl").settings().get("timeout_ms")) > 60_000);
  }

  @Test
  void anUnknownNameIsAnsweredWithTheNamesThereAre() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Place.named("abacus")).getMessage();
    assertTrue(message.contains("'abacus'"), message);
    assertTrue(message.contains("native, onnxruntime, "), message);
  }

  @Test
  void aBoardInTheNetworkIsNamedByItsHost() {
    assertEquals(
        Map.of("backend", "etherbone:board:77"), Place.named("etherbone:board:77").settings());
  }

  @Test
  void anAbsentBoardIsNamedWithTheReason() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Place.named("xdma")).getMessage();
    assertTrue(message.contains("xdma") && message.contains("/dev/xdma"), message);
  }
}

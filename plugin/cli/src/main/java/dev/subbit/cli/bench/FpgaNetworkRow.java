package dev.subbit.cli.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Cycles of the layers of one operator in an integer network that a device runs whole.
 *
 * @param network name of the network.
 * @param backend the back end: emulator or rtl.
 * @param element the processing element of the device.
 * @param operator the operator, or {@code all}.
 * @param layers number of its layers.
 * @param cycles for an image of a batch.
 * @param kind where the cycles come from: modelled or simulated.
 */
record FpgaNetworkRow(
    String network,
    String backend,
    String element,
    String operator,
    int layers,
    long cycles,
    String kind) {

  /**
   * Adds other layers, on the same device, to these.
   *
   * @param other the row of those.
   * @return a row for all of them, with the name of this one's operator.
   */
  FpgaNetworkRow plus(FpgaNetworkRow other) {
    return new FpgaNetworkRow(
        network,
        backend,
        element,
        operator,
        layers + other.layers,
        cycles + other.cycles,
        other.kind);
  }

  /**
   * The row as it is written.
   *
   * @return values by name.
   */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("network", network);
    fields.put("backend", backend);
    fields.put("element", element);
    fields.put("operator", operator);
    fields.put("layers", layers);
    fields.put("cycles", cycles);
    fields.put("kind", kind);
    return fields;
  }
}

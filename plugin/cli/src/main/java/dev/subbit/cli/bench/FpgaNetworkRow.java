package dev.subbit.cli.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Cycles of the layers of one operator in an integer network that an emulated device runs whole.
 *
 * @param network name of the network.
 * @param element the processing element of the device.
 * @param operator the operator, or {@code all}.
 * @param layers number of its layers.
 * @param cycles modelled cycles for an image of a batch.
 */
record FpgaNetworkRow(String network, String element, String operator, int layers, long cycles) {

  /**
   * The row as it is written.
   *
   * @return values by name.
   */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("network", network);
    fields.put("element", element);
    fields.put("operator", operator);
    fields.put("layers", layers);
    fields.put("modelled_cycles", cycles);
    return fields;
  }
}

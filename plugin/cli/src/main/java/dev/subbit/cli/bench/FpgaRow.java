package dev.subbit.cli.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Cycles of all 3x3 layers of a network on one device.
 *
 * @param network name of the network.
 * @param backend the back end that ran it: {@code emulator} (modelled cycles) or {@code rtl}
 *     (simulated).
 * @param element the processing element, see docs/DEVICE.md.
 * @param mode {@code bnn}, a plain binary engine, or {@code subbit}.
 * @param tau bits of an index; 9 in mode {@code bnn}.
 * @param cycles cycles for one image.
 * @param bnnCycles cycles of the plain binary engine with as many adders, on the same back end.
 */
public record FpgaRow(
    String network,
    String backend,
    String element,
    String mode,
    int tau,
    long cycles,
    long bnnCycles) {

  /**
   * The speed relative to the plain binary engine.
   *
   * @return the ratio of the cycles.
   */
  public double ratioToBnn() {
    return (double) bnnCycles / cycles;
  }

  /**
   * The row as it is written.
   *
   * @return values by name.
   */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("network", network);
    fields.put("backend", backend);
    fields.put("element", element);
    fields.put("mode", mode);
    fields.put("tau", tau);
    fields.put("cycles", cycles);
    fields.put("ratio_to_bnn", ratioToBnn());
    return fields;
  }
}

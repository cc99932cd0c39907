package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The form that a quantization gives to a model.
 *
 * @param fit how each layer is fitted; its number of stages is that of every layer, or the largest
 *     where stages are chosen.
 * @param keepFloat layers whose names contain a match of one of these stay as they are.
 * @param bits largest number of bits per weight for the indices of all layers together; 0 for no
 *     bound.
 * @param maxDrop share of the rows of an output whose largest value may move to another place, 0 up
 *     to but not 1; negative for no bound. At most one of the two bounds may be set.
 * @param metric what the drop is measured by.
 * @param atALoss whether layers become sub-bit that would take less in 8 bits, all bits counted, or
 *     that have a scale for every kernel.
 * @param rest how all other weights are stored.
 * @param activations how convolutions are given 8-bit activations; empty to leave them float.
 */
public record QuantizationSettings(
    FitSettings fit,
    List<Pattern> keepFloat,
    double bits,
    double maxDrop,
    Metric metric,
    boolean atALoss,
    Rest rest,
    Optional<IntegerActivations> activations) {

  // Checks the bounds and copies the list.
  public QuantizationSettings {
    keepFloat = List.copyOf(keepFloat);
    double least = fit.tau() / 9.0;
    // Tolerance that lets tau / 9 be given with two digits.
    if (bits != 0 && !(bits >= least - 0.005)) {
      throw new IllegalArgumentException(
          String.format(
              "%.2f bits per weight are less than one stage of tau = %d costs, %.2f; take a smaller"
                  + " tau or more bits",
              bits, fit.tau(), least));
    }
    if (maxDrop >= 1 || Double.isNaN(maxDrop)) {
      throw new IllegalArgumentException(
          "The largest drop is a share from 0 up to but not 1, found " + maxDrop);
    }
    if (activations.isPresent() && fit.codewords() != Codewords.SIGNS) {
      throw new IllegalArgumentException(
          "8-bit activations need codewords of signs: convolutions of others have no 8-bit form");
    }
    if (bits != 0 && maxDrop >= 0) {
      throw new IllegalArgumentException("Stages are chosen by bits or by drop, not by both");
    }
  }

  /**
   * Makes settings by which all layers become sub-bit, in the same number of stages, and
   * activations stay float.
   *
   * @param fit how each layer is fitted.
   * @param keepFloat layers whose names one of these finds stay as they are.
   */
  public QuantizationSettings(FitSettings fit, List<Pattern> keepFloat) {
    this(fit, keepFloat, 0, -1, Metric.LARGEST, true, Rest.FLOAT, Optional.empty());
  }

  /** The same with other codewords. */
  QuantizationSettings with(Codewords codewords) {
    FitSettings other =
        new FitSettings(fit.tau(), fit.stages(), fit.rounds(), fit.seed(), codewords);
    return new QuantizationSettings(
        other, keepFloat, bits, maxDrop, metric, atALoss, rest, activations);
  }

  /**
   * The form that sub-bit convolutions are written in, before they are given 8-bit activations.
   *
   * @return the form.
   */
  public GraphEdits.Form form() {
    return activations
        .map(integer -> integer.fpga() ? GraphEdits.Form.STAGES : GraphEdits.Form.SUMMED)
        .orElse(GraphEdits.Form.COMPACT);
  }

  /**
   * Whether the number of stages is to be chosen layer by layer.
   *
   * @return true if one of the two bounds is set.
   */
  public boolean choosesStages() {
    return bits != 0 || maxDrop >= 0;
  }
}

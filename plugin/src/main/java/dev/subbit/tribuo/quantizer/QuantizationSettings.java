package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.quantizer.fit.FitSettings;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What is to become of a model.
 *
 * @param fit how each layer is fitted; its number of stages is that of every layer.
 * @param keepFloat layers whose names one of these finds stay as they are.
 */
public record QuantizationSettings(FitSettings fit, List<Pattern> keepFloat) {

  // Copies the list.
  public QuantizationSettings {
    keepFloat = List.copyOf(keepFloat);
  }
}

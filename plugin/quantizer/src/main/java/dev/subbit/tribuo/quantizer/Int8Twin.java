package dev.subbit.tribuo.quantizer;

import java.util.List;

/**
 * What the same model is with all its weights in 8 bits: what a quantization has to be better than.
 *
 * @param bytes bytes of its file.
 * @param outputs how far its outputs agree with those of the untouched model.
 */
public record Int8Twin(long bytes, List<OutputAgreement> outputs) {

  // Copies the list, so that the twin stays as it was made.
  public Int8Twin {
    outputs = List.copyOf(outputs);
  }
}

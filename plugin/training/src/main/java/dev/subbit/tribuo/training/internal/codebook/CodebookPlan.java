package dev.subbit.tribuo.training.internal.codebook;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Selection;

/**
 * How the codebooks of a network are started and learnt.
 *
 * @param tau bits of a codebook index, 1 to 9.
 * @param selection how the codewords are selected.
 * @param start the codewords that a codebook starts with.
 * @param assignment which codeword stands for a kernel.
 * @param interval number of steps from one update of the codebooks to the next, at least 1.
 * @param rate learning rate of the codebooks at the first step, positive; it falls as the learning
 *     rate of the weights does.
 */
public record CodebookPlan(
    int tau,
    Selection selection,
    CodebookStart start,
    Assignment assignment,
    int interval,
    float rate) {

  /**
   * Whether codebooks change after the start.
   *
   * @return false for fixed ones, and for those of all 512 codewords.
   */
  public boolean isLearnt() {
    return selection != Selection.FIXED && tau < Codebook.MAX_TAU;
  }
}

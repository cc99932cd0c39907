package dev.subbit.tribuo.training.internal.codebook;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.DistinctCodewords;
import java.util.Map;
import java.util.Set;

/** A codebook that stays as it started. */
final class FixedCodebook implements CodebookLearner {

  private Codebook codebook;

  FixedCodebook(Codebook codebook) {
    this.codebook = codebook;
  }

  @Override
  public Codebook codebook() {
    return codebook;
  }

  @Override
  public boolean isLearnable() {
    return false;
  }

  @Override
  public void refine(int step, float[] gradient, float rate) {
    // Does nothing, since a fixed codebook does not learn.
  }

  @Override
  public CodebookState state() {
    return new CodebookState(DistinctCodewords.of(codebook), Map.of(), Map.of());
  }

  @Override
  public void restore(CodebookState state) {
    state.requireNames(Set.of(), Set.of());
    codebook = new Codebook(codebook.tau(), state.codewords());
  }
}

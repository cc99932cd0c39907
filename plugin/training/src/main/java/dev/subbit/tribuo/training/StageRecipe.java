package dev.subbit.tribuo.training;

import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import dev.subbit.tribuo.config.FieldCheck;

/**
 * What is different in one stage of a training: its weights, its epochs, its learning rate. A
 * {@link SubBitTrainer} takes a list of them. Every property that a stage does not set is as the
 * trainer's of the same name; a stage that sets {@code distillationWeight} to 0 has no teacher
 * though the trainer has one.
 *
 * <p>Configured by OLCUT, or in code by a {@link StageRecipeBuilder}. Immutable once built, and
 * safe for use by many threads and trainers.
 */
public final class StageRecipe extends RecipeFields
    implements Configurable, Provenancable<ConfiguredObjectProvenance> {

  /** For OLCUT and the builder, which fill in the configured fields. */
  StageRecipe() {}

  /**
   * Starts to build a stage in code.
   *
   * @return a builder whose stage is as the trainer in everything.
   */
  public static StageRecipeBuilder builder() {
    return new StageRecipeBuilder();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if a field's value is not allowed, naming both.
   */
  @Override
  public void postConfig() {
    check(new FieldCheck("StageRecipe"));
  }

  /** The stage with every field set: where it says nothing, as the general recipe. */
  StageRecipe over(RecipeFields general) {
    StageRecipe complete = new StageRecipe();
    complete.fillFrom(this);
    complete.fillFrom(general);
    return complete;
  }

  /**
   * The provenance of this stage. A trainer keeps its stages with every property set; of a stage
   * that no trainer has, what it does not set is given as trainers have it by default.
   *
   * @return the provenance.
   */
  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(over(new SubBitTrainer()), "StageRecipe");
  }
}

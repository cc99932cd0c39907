package dev.subbit.tribuo.training;

import com.oracle.labs.mlrg.olcut.config.PropertyException;

/** Builds stages of a training in code. What is not set is as the trainer has it. */
public final class StageRecipeBuilder extends RecipeBuilder<StageRecipeBuilder> {

  private final StageRecipe stage = new StageRecipe();

  StageRecipeBuilder() {}

  @Override
  StageRecipe fields() {
    return stage;
  }

  @Override
  StageRecipeBuilder self() {
    return this;
  }

  /**
   * Builds the stage. The builder cannot be used again.
   *
   * @return the stage.
   * @throws PropertyException if a field's value is not allowed, naming both.
   */
  public StageRecipe build() {
    requireOpen();
    stage.postConfig();
    built();
    return stage;
  }
}

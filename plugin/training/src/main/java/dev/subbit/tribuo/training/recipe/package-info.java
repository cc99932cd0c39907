/**
 * Components of a training recipe: how images are changed at random. What is chosen by name only,
 * such as the optimiser, is in {@code dev.subbit.tribuo.settings}.
 */
package dev.subbit.tribuo.training.recipe;

/**
 * The components of a training recipe as configurations name them: optimiser, schedule, selection
 * and start of codebooks, augmentation.
 */
package dev.subbit.tribuo.training.recipe;

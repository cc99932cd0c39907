/**
 * The words of a training recipe as configurations use them: optimiser, schedule, selection and
 * start of codebooks, augmentation.
 */
package dev.subbit.tribuo.training.recipe;

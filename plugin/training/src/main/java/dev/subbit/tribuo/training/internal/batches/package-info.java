/**
 * Batches of images for training and evaluation, loaded in the background. Not for use outside this
 * module.
 */
package dev.subbit.tribuo.training.internal.batches;

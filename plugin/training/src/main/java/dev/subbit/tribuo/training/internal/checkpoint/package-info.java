/**
 * The checkpoint that an interrupted training is resumed from. Its file is not trusted. Not for use
 * outside this module.
 */
package dev.subbit.tribuo.training.internal.checkpoint;

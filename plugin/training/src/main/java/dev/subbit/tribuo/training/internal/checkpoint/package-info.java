/**
 * The checkpoint that a training goes on from after it was cut; files are not trusted. Not for use
 * outside this module.
 */
package dev.subbit.tribuo.training.internal.checkpoint;

/**
 * Drives an engine through stages, epochs and steps: validation, model selection, checkpoints,
 * progress. Not for use outside this module.
 */
package dev.subbit.tribuo.training.internal.loop;

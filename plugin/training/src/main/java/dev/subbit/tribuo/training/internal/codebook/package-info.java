/**
 * Codebooks that are learnt while a network trains: fixed, refined or selected by a permutation.
 * Not for use outside this module.
 */
package dev.subbit.tribuo.training.internal.codebook;

/**
 * Assigns codewords to kernels, and finds the codewords that fit many kernels best. Shared by the
 * quantizer and the trainer.
 */
package dev.subbit.tribuo.codebook;

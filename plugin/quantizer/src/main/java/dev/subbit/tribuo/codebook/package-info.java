/**
 * Codebooks for given kernels: which codeword a kernel takes, and which codewords fit many kernels
 * best. Shared by the quantizer and the trainer.
 */
package dev.subbit.tribuo.codebook;

/**
 * Fits indices, codebooks and scales of one convolution so that the error of its outputs on
 * calibration inputs is least. Linear algebra over the second moments of the input patches.
 */
package dev.subbit.tribuo.quantizer.fit;

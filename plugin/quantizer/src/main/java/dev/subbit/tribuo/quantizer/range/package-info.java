/** Ranges of activations for 8 bits, chosen from what calibration inputs give. */
package dev.subbit.tribuo.quantizer.range;

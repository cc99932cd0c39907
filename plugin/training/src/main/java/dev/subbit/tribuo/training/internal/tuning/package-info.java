/**
 * Trains a quantized network further, for the quantizer, which finds it as a Java service. Not for
 * use outside this module.
 */
package dev.subbit.tribuo.training.internal.tuning;

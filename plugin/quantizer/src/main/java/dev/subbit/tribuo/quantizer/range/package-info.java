/** Ranges of activations for 8 bits, chosen from their values on calibration inputs. */
package dev.subbit.tribuo.quantizer.range;

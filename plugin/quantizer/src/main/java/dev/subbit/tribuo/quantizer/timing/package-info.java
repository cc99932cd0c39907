/**
 * Times single layers before and after quantization, in turns, so that a disturbance of the machine
 * affects both.
 */
package dev.subbit.tribuo.quantizer.timing;

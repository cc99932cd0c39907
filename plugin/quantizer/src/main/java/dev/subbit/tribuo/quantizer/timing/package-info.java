/**
 * Times single layers before and after quantization, in turns, so that what disturbs the machine
 * disturbs both.
 */
package dev.subbit.tribuo.quantizer.timing;

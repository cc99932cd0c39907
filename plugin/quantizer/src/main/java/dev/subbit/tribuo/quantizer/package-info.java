/**
 * Makes networks sub-bit after training: {@link dev.subbit.tribuo.quantizer.SubBitQuantizer} takes
 * models of this library, {@link dev.subbit.tribuo.quantizer.OnnxQuantizer} ONNX models of any
 * origin.
 */
package dev.subbit.tribuo.quantizer;

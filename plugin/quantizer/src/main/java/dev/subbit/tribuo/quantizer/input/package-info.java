/** Calibration inputs for ONNX models of any origin: tensor files, pictures, random samples. */
package dev.subbit.tribuo.quantizer.input;

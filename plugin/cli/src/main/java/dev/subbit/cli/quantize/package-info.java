/** {@code subbit quantize}: saved models and ONNX files to sub-bit ones. */
package dev.subbit.cli.quantize;

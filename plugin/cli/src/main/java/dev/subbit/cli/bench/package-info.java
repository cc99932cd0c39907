/**
 * {@code subbit bench}: operators and networks beside those of ONNX Runtime and OpenVINO, measured
 * in rounds and in turns; cycles of the FPGA engine; accuracy over several seeds.
 */
package dev.subbit.cli.bench;

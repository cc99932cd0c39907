/**
 * {@code subbit bench}: operators and networks beside ONNX Runtime's own, measured in rounds and in
 * turns; cycles of the FPGA engine; accuracy over several seeds.
 */
package dev.subbit.cli.bench;

/**
 * Benchmarks beside ONNX Runtime's own operators, measured in rounds and in turns, and of the FPGA
 * engine in cycles.
 */
package dev.subbit.cli.bench;

/**
 * ONNX graphs as the quantizer sees and changes them: read from files, functions inlined,
 * convolutions found, nodes replaced, parts cut out and run. Graphs are not trusted.
 */
package dev.subbit.tribuo.quantizer.graph;

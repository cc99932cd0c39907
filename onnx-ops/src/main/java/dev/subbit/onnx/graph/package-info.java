/**
 * ONNX files and graphs, as far as that needs to know nothing of the sub-bit operators: models read
 * with the data beside them, functions inlined where they are called, and names that are still
 * free.
 */
package dev.subbit.onnx.graph;

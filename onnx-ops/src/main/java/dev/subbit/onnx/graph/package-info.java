/**
 * Edits of ONNX graphs that need to know nothing of the sub-bit operators: functions inlined where
 * they are called, and names that are still free.
 */
package dev.subbit.onnx.graph;

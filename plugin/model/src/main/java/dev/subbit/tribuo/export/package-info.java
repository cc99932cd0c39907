/**
 * Writes a trained network as an ONNX model: folds batch normalisation, turns each ReActNet block
 * into one node, and adds the function bodies of the operators. {@link
 * dev.subbit.tribuo.export.OnnxExporter} is the entry.
 */
package dev.subbit.tribuo.export;

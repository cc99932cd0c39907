/**
 * Training of ONNX graphs of any origin. Nothing here knows TensorFlow, which the engine in the
 * package below runs on. Not for use outside this module.
 */
package dev.subbit.tribuo.training.internal.graph;

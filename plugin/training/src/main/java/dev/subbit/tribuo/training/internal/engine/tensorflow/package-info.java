/**
 * The training engine on TensorFlow-Java: graphs of forward and backward pass, loss and optimiser.
 * The one package that knows TensorFlow. Not for use outside this module.
 */
package dev.subbit.tribuo.training.internal.engine.tensorflow;

/**
 * The training engine on TensorFlow-Java: graphs of forward and backward pass, loss and optimiser.
 * Only this package uses TensorFlow. Not for use outside this module.
 */
package dev.subbit.tribuo.training.internal.engine.tensorflow;

/**
 * Trains sub-bit networks: {@link dev.subbit.tribuo.training.SubBitTrainer} is a Tribuo trainer,
 * configured by OLCUT or by its builder. It needs TensorFlow on the class path; its models do not.
 */
package dev.subbit.tribuo.training;

/** The progress of a training in the files that TensorBoard reads. Needs TensorFlow's messages. */
package dev.subbit.tribuo.training.tensorboard;

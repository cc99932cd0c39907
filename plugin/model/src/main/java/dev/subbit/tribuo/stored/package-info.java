/**
 * The stored form of a trained network, a protobuf message, inside saved models and checkpoints.
 * What is read is not trusted.
 */
package dev.subbit.tribuo.stored;

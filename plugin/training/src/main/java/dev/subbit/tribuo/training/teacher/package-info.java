/** Teachers that a network learns from, besides labels: saved models and ONNX classifiers. */
package dev.subbit.tribuo.training.teacher;

/**
 * Runs models over test images and counts: predictions by class ({@link
 * dev.subbit.tribuo.evaluation.TestEvaluation}), and outputs, speed and cycles in one place after
 * another ({@link dev.subbit.tribuo.evaluation.BackendRun}).
 */
package dev.subbit.tribuo.evaluation;

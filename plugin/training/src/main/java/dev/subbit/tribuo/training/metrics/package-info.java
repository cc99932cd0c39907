/**
 * What a training reports to its listeners, at its start and end, after every step and epoch, and
 * when it was stopped.
 */
package dev.subbit.tribuo.training.metrics;

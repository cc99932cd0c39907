/**
 * {@code subbit train}: trains as a configuration says, keeps checkpoints and metrics, and reports.
 */
package dev.subbit.cli.train;

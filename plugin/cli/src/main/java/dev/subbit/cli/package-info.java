/**
 * The command line: one class per command, with its options and its output. An application; only
 * {@link dev.subbit.cli.Main} is meant for use from outside.
 */
package dev.subbit.cli;

/**
 * The command line: one class for each command, with its options and what it prints. An
 * application; only {@link dev.subbit.cli.Main} is meant for use from outside.
 */
package dev.subbit.cli;

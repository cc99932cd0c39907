/**
 * The command line, an application on top of the other modules: {@link dev.subbit.cli.Main} knows
 * all commands. Each command reads its options, calls what the modules below offer, and prints;
 * what a command has to compute belongs in a module.
 */
package dev.subbit.cli;

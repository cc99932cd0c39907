/** What people see in a terminal: tables, progress bars, and errors without a stack trace. */
package dev.subbit.cli.terminal;

/** Options that several commands share. */
package dev.subbit.cli.options;

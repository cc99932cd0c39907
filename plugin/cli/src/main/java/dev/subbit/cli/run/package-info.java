/**
 * Commands that run or export saved models: {@code predict}, {@code compare}, {@code export} and
 * {@code devices}.
 */
package dev.subbit.cli.run;

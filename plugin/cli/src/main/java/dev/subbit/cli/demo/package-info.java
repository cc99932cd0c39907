/** {@code subbit demo}: trains, quantizes, exports, runs everywhere and compares. */
package dev.subbit.cli.demo;

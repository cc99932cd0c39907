/**
 * Peers that run in a process of their own, because there is no Java interface to them: a Python
 * script loads and runs models when {@code subbit bench} asks it to.
 */
package dev.subbit.cli.bench.peer;

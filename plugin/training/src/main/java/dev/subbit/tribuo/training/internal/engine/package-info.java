/**
 * What a training engine has to do, and what it is told; the engine itself is found as a Java
 * service. Not for use outside this module.
 */
package dev.subbit.tribuo.training.internal.engine;

/**
 * The interface of a training engine and the plans that it is given. The engine itself is found as
 * a Java service. Not for use outside this module.
 */
package dev.subbit.tribuo.training.internal.engine;

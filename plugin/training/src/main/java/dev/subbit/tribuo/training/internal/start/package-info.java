/** What a training starts from. Not for use outside this module. */
package dev.subbit.tribuo.training.internal.start;
